"""The product in one method: a frame in, masks and depth out, what is needed kept in the memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from vidmem.bookkeeping import Stopwatch, describe, make_card, step_of, update_objects
from vidmem.config import Config, check_config, config_from, config_of
from vidmem.errors import PromptError
from vidmem.memory import Memory, check_same, load_memory, read_about, save_memory
from vidmem.models import Models, build_models
from vidmem.prompts import check_prompts
from vidmem.protocols import DepthBase, Tracker
from vidmem.types import Frame, Masks, Prompt, Result

Prompts = Mapping[int, Sequence[Prompt]]


class Engine:
    """Follows objects and measures depth, frame by frame. One engine per video or camera.

    Args:
        models: the functions; may be shared between engines.
        memory: the only thing that changes when a frame passes.
        config: the knobs it was built from.
    """

    def __init__(self, models: Models, memory: Memory, config: Config) -> None:
        self.models = models
        self.memory = memory
        self.config = config

    @torch.no_grad()
    def step(self, frame: Frame, prompts: Sequence[Prompt] = ()) -> Result:
        """Push one frame.

        Args:
            frame: the next picture; indices increase.
            prompts: what a person says about objects in this frame, in frame pixels.

        Raises:
            PromptError: a prompt does not fit the frame or contradicts another.
            ObjectError: more objects than there is room for.
        """
        watch = Stopwatch()
        checked = self._check(frame, prompts)
        recall = self.memory.read(frame.index)
        with watch("encode"):
            features = self.models.encode(frame, recall.previous)
        if not self.memory.is_open:
            self.memory.open(self.models.page_shapes(features))
            self.memory.check_room(prompt.object_id for prompt in checked)
        with watch("segment"):
            masks = self.models.segment(features, recall, checked)
        with watch("depth"):
            depth = self.models.estimate_depth(frame, features, recall, masks)
        with watch("refine"):
            masks = self.models.refine(frame, features, recall, masks, depth)
        with watch("remember"):
            kinds = self.memory.shapes
            card = make_card(frame, features, masks, depth, checked, recall, kinds=kinds)
            objects = update_objects(card, masks, recall)
            if frame.index % self.config.memory.snapshot_every == 0:
                self.memory.snapshot()
            kept = self.memory.write(
                step_of(frame, card, features, masks, depth, objects),
                lambda streams: self.models.remember(streams, features, masks),
            )
        states = describe(frame, masks, objects)
        return Result(frame, masks, depth, states, kept, watch.milliseconds, self.memory.bytes)

    def run(self, frames: Iterable[Frame], prompts: Prompts | None = None) -> Iterator[Result]:
        """Pull frames from a source, with prompts by frame index.

        Raises:
            PromptError: as ``step``, or a prompt is for a frame that never came.
        """
        waiting = dict(prompts or {})
        last = None
        for frame in frames:
            last = frame.index
            yield self.step(frame, waiting.pop(frame.index, ()))
        if waiting:
            end = "there are no frames" if last is None else f"the last frame is {last}"
            raise PromptError(
                f"A prompt is for frame {min(waiting)}, but {end}.",
                remedy="Count frames from 0.",
            )

    @torch.no_grad()
    def preview(self, frame: Frame, prompts: Sequence[Prompt]) -> Masks:
        """Answer a click: the masks ``step`` would give, while nothing changes.

        Raises:
            PromptError: a prompt does not fit the frame.
            ObjectError: more objects than there is room for.
        """
        checked = self._check(frame, prompts)
        recall = self.memory.read(frame.index)
        features = self.models.encode(frame, recall.previous)
        masks = self.models.segment(features, recall, checked)
        return self.models.refine(frame, features, recall, masks, None)

    def correct(
        self, index: int, prompts: Sequence[Prompt], frames: Iterable[Frame]
    ) -> Iterator[Result]:
        """Go back to ``index``, apply ``prompts`` there and run again.

        Args:
            index: the frame that was wrong.
            prompts: what is right there.
            frames: the video again from at most the newest snapshot on; earlier frames are skipped.

        Yields:
            The results from the snapshot on.

        Raises:
            ObjectError: no snapshot is so old.
        """
        start = self.memory.restore(index)
        again = (frame for frame in frames if frame.index >= start)
        yield from self.run(again, {index: prompts})

    def remove(self, object_id: int) -> None:
        """Stop following an object and forget it.

        Raises:
            ObjectError: there is no such object.
        """
        self.memory.remove(object_id)

    def save(self, path: str | Path) -> None:
        """Write the whole state; ``load(state=path)`` continues bit-equal on the CPU.

        Raises:
            SinkError: it cannot be written.
        """
        save_memory(self.memory, Path(path), family=self.config.family, config=asdict(self.config))

    def _check(self, frame: Frame, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
        checked = check_prompts(prompts, frame.size, known=tuple(self.memory.objects))
        self.memory.check_room(prompt.object_id for prompt in checked)
        return checked


def load(
    family: str | None = None,
    *,
    config: Config | None = None,
    state: str | Path | None = None,
    tracker: Tracker | None = None,
    depth: DepthBase | None = None,
) -> Engine:
    """An engine ready for its next frame.

    Args:
        family: which models, such as ``"nano"`` or ``"sam2.1-tiny-hq"``; the default is what
            ``config`` says. Without ``config`` it comes with its own settings.
        config: every knob; left out, the saved ones, else the defaults.
        state: a file that ``Engine.save`` wrote, to go on from there.
        tracker: your own, instead of the family's.
        depth: your own, instead of the family's.

    Raises:
        ConfigError: an unknown family or an impossible number.
        CheckpointError: the state is damaged or was saved with another configuration.
    """
    about = read_about(Path(state)) if state else None
    if about and config is None:
        config = config_from(json.loads(about["config"]))
    config = check_config(config, family) if config else config_of(family or "nano")
    memory = Memory(config.memory)
    if about and state:
        check_same(about, asdict(config), Path(state))
        load_memory(memory, Path(state))
    return Engine(build_models(config, tracker=tracker, depth=depth), memory, config)
