"""One write: what the policy admits becomes pages, what it gives up becomes free."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from sys import intern

import numpy as np
from jaxtyping import UInt8

from vidmem.config import MemoryConfig
from vidmem.memory import policy, scene_policy
from vidmem.memory.pages import Pool
from vidmem.memory.views import entries_of
from vidmem.types import Card, Decision, Keyframe, Page, State, Stream, Tier, Tokens

SCENE = Stream("scene")


class Writer:
    """Applies a policy to the keyframes of one step. Lives for one call of ``write``."""

    def __init__(
        self,
        keyframes: Sequence[Keyframe],
        pools: Mapping[str, Pool],
        config: MemoryConfig,
        make_room: Callable[[str], None],
    ) -> None:
        self._keyframes = {keyframe.card.index: keyframe for keyframe in keyframes}
        self._pools = pools
        self._config = config
        self._make_room = make_room
        self._decisions: list[Decision] = []

    def write(
        self,
        card: Card,
        areas: Mapping[int, tuple[float, ...]],
        build: Callable[[Sequence[Stream]], Mapping[Stream, Tokens]],
        *,
        thumbnail: UInt8[np.ndarray, "rows columns 3"],
        keyframe_state: State,
        scene_pages: Mapping[int, Tokens],
    ) -> tuple[tuple[Keyframe, ...], tuple[Decision, ...]]:
        """The keyframes after this frame, and every decision that was taken."""
        for index, tokens in scene_pages.items():
            self._rewrite(index, tokens)
        admitted = {stream: tier for stream in card.streams if (tier := self._admit(stream, card))}
        in_scene = bool(keyframe_state) and self._admit_scene(card)
        if in_scene and SCENE.kind in self._pools:
            admitted[SCENE] = Tier.PARTNER
        written = build(tuple(admitted)) if admitted else {}
        pages = {
            stream: self._take(stream, written[stream], admitted[stream]) for stream in admitted
        }
        if in_scene and SCENE not in pages:
            pages[SCENE] = Page(-1, Tier.PARTNER, ())
        if pages:
            state = keyframe_state if in_scene else {}
            seen = _shown(pages, thumbnail)
            self._keyframes[card.index] = Keyframe(card, seen, pages, state)
        for stream in pages:
            if stream == SCENE:
                self._settle_scene(card)
            else:
                self._settle(stream, card, areas.get(stream.object_id, ()))
        return tuple(self._keyframes.values()), tuple(self._decisions)

    def _admit(self, stream: Stream, card: Card) -> Tier | None:
        kept = entries_of(stream, list(self._keyframes.values()))
        answer = policy.admit(stream, card, kept, config=self._config)
        if answer is None:
            return None
        self._note(card, stream, "admit" if answer.tier else "skip", answer.reason, card.index)
        return answer.tier

    def _take(self, stream: Stream, tokens: Tokens, tier: Tier) -> Page:
        self._make_room(stream.kind)
        slot = self._pools[stream.kind].take(tokens)
        return Page(slot, tier, tuple(map(float, tokens.descriptor)))

    def _rewrite(self, index: int, tokens: Tokens) -> None:
        """A new version of a scene page: snapshots keep the one they hold."""
        keyframe = self._keyframes[index]
        old = keyframe.pages[SCENE]
        new = replace(self._take(SCENE, tokens, old.tier), relevance=old.relevance, reads=old.reads)
        self._pools[SCENE.kind].release([old.slot])
        self._keyframes[index] = replace(keyframe, pages={**keyframe.pages, SCENE: new})

    def _settle(self, stream: Stream, card: Card, areas: Sequence[float]) -> None:
        kept = entries_of(stream, list(self._keyframes.values()))
        for change in policy.settle(stream, kept, areas, config=self._config):
            index = change.entry.card.index
            if change.tier is None:
                self._drop(index, stream)
                self._note(card, stream, "evict", change.reason, index)
            else:
                keyframe = self._keyframes[index]
                promoted = replace(keyframe.pages[stream], tier=change.tier)
                pages = {**keyframe.pages, stream: promoted}
                self._keyframes[index] = replace(keyframe, pages=pages)
                self._note(card, stream, "promote", change.reason, index)

    def _scene_cards(self) -> list[Card]:
        return [k.card for k in self._keyframes.values() if SCENE in k.pages]

    def _admit_scene(self, card: Card) -> bool:
        reason = scene_policy.admit_scene(card, self._scene_cards())
        if reason is not None:
            self._note(card, SCENE, "admit", reason, card.index)
        return reason is not None

    def _settle_scene(self, card: Card) -> None:
        cards = self._scene_cards()
        while len(cards) > self._config.keyframes:
            index = scene_policy.evict_scene(cards, self._config.keyframes)
            self._drop(index, SCENE)
            self._note(card, SCENE, "evict", "overlapped by its neighbours", index)
            cards = self._scene_cards()

    def _drop(self, index: int, stream: Stream) -> None:
        keyframe = self._keyframes[index]
        pages = dict(keyframe.pages)
        page = pages.pop(stream)
        if page.slot >= 0:
            self._pools[stream.kind].release([page.slot])
        if not pages:
            del self._keyframes[index]
            return
        state = {} if stream == SCENE else keyframe.state
        seen = _shown(pages, keyframe.thumbnail)
        self._keyframes[index] = replace(keyframe, pages=pages, state=state, thumbnail=seen)

    def _note(self, card: Card, stream: Stream, action: str, reason: str, keyframe: int) -> None:
        if stream.kind == "pointer":
            return  # one for every frame: they would drown the rest of the log
        self._decisions.append(
            Decision(card.index, intern(str(stream)), action, reason, keyframe)  # type: ignore[arg-type]
        )


def _shown(
    pages: Mapping[Stream, Page], thumbnail: UInt8[np.ndarray, "rows columns 3"]
) -> UInt8[np.ndarray, "shown_rows shown_columns 3"]:
    """Nobody looks at the many keyframes that hold only pointers."""
    return thumbnail if any(s.kind != "pointer" for s in pages) else thumbnail[:0, :0].copy()
