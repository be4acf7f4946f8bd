"""The demo's server without a network: every connection but to this machine is refused."""

import socket
import sys
from ipaddress import ip_address
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "apps"))
_connect, _lookup = socket.socket.connect, socket.getaddrinfo


def _is_here(host):
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def connect(self, address):
    """Only to this machine."""
    if self.family != socket.AF_UNIX and not _is_here(address[0]):
        sys.stderr.write(f"OUTSIDE {address}\n")
        raise OSError("there is no network")
    return _connect(self, address)


def lookup(host, *rest, **options):
    """Only this machine has a name."""
    if host is not None and not _is_here(host) and host != "0.0.0.0":
        sys.stderr.write(f"OUTSIDE {host}\n")
        raise socket.gaierror("there is no network")
    return _lookup(host, *rest, **options)


if __name__ == "__main__":
    socket.socket.connect, socket.getaddrinfo = connect, lookup
    from vidmem.cli import main

    main(["demo", "--port", sys.argv[1]])
