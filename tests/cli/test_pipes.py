"""A command whose output nobody reads any more ends as other tools do: soon and without a word."""

import os
import subprocess
import sys

import pytest

from vidmem.cli.pipes import UNREAD, quiet_when_unread


def call(*arguments, unbuffered=False, unread_errors=False):
    """The finished process; its standard output, perhaps all output, had no reader from the start.

    Whether Python writes at once or at its end is another way through the same code.
    """
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    try:
        return subprocess.run(
            [sys.executable, "-m", "vidmem", *arguments],
            stdout=writer,
            stderr=writer if unread_errors else subprocess.PIPE,
            env=environment,
            text=True,
            timeout=300,
        )
    finally:
        os.close(writer)


@pytest.mark.parametrize("unbuffered", [False, True])
def test_help_ends_quietly(unbuffered):
    done = call("eval", "occlusion", "--help", unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (UNREAD, "")


@pytest.mark.parametrize("unbuffered", [False, True])
def test_what_a_command_prints_ends_quietly(unbuffered):
    done = call("weights", "list", "--quiet", "--json", unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (UNREAD, "")


def test_so_it_does_when_errors_have_no_reader_either():
    assert call("weights", "list", unread_errors=True).returncode == UNREAD


def test_another_broken_pipe_is_still_an_error():
    with pytest.raises(BrokenPipeError, match="camera"), quiet_when_unread():
        raise BrokenPipeError("camera")
