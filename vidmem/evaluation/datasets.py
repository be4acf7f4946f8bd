"""Reads a data set by its layout."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidmem.errors import ConfigError, SourceError
from vidmem.evaluation.layouts import Layout
from vidmem.evaluation.sequences import LabelledVideo, Track, find_tracks, open_video

FOLDERS = {"val": ("val", "valid")}
"""Of a split, where it is not the split's name."""
STEP = 5
"""Of LVOS, in names of frames."""


def read_set(layout: Layout, root: Path, *, split: str | None = None) -> list[LabelledVideo]:
    """All videos of a split, in the order of its list or by name.

    Raises:
        ConfigError: the set has no such split.
        SourceError: a part is missing.
    """
    split = _split(layout, split)
    images = _need(layout, root, "images", split)
    masks = _need(layout, root, "masks", split)
    meta = _json(_need(layout, root, "meta", split)).get("videos", {}) if layout.meta else {}
    group_of = _grouper(layout, root, split)
    names = _names(layout, root, split) or sorted(meta) or _folders(masks)
    if not names:
        raise SourceError(f"{masks} has no videos.", remedy="Check that the data is complete.")
    videos = []
    for name in names:
        video = replace(open_video(name, images / name, masks / name), merged=layout.merged)
        objects = meta.get(name, {}).get("objects")
        videos.append(_with_meta(video, objects, group_of) if objects else video)
    return videos


def tracks_of(video: LabelledVideo, layout: Layout) -> tuple[Track, ...]:
    """Its objects; judged nowhere where masks only give them.

    Raises:
        SourceError: a mask cannot be read.
    """
    tracks = video.tracks
    if tracks is None:
        tracks = find_tracks(video, late=layout.late, last=layout.last)
    given = max((track.first for track in tracks), default=0)
    if max(video.masks) > given:
        return tracks
    return tuple(replace(track, counted=()) for track in tracks)


def find(root: Path, patterns: tuple[str, ...], split: str) -> Path | None:
    """The first of the places that exists."""
    return next(
        (root / place for place in _places(patterns, split) if (root / place).exists()), None
    )


def _places(patterns: tuple[str, ...], split: str) -> list[str]:
    folders = FOLDERS.get(split, (split,))
    return list(dict.fromkeys(p.format(split=folder) for p in patterns for folder in folders))


def _split(layout: Layout, split: str | None) -> str:
    named = layout.splits[0] if split is None else split
    named = "val" if named in FOLDERS["val"] else named
    if named not in layout.splits:
        raise ConfigError(
            f"{layout.title} has no split {split!r}.", remedy=f"Try {', '.join(layout.splits)}."
        )
    return named


def _need(layout: Layout, root: Path, part: str, split: str) -> Path:
    patterns: tuple[str, ...] = getattr(layout, part)
    path = find(root, patterns, split)
    if path is None:
        raise SourceError(
            f"{root} has no {part} of {layout.title} ({', '.join(_places(patterns, split))}).",
            remedy="Give the folder that holds them as --root, or another --split.",
        )
    return path


def _names(layout: Layout, root: Path, split: str) -> list[str]:
    """From names, or from paths of images (DAVIS 2016)."""
    if not layout.lists:
        return []
    lines = [line.split() for line in _need(layout, root, "lists", split).read_text().splitlines()]
    firsts = [Path(parts[0]) for parts in lines if parts]
    names = [path.parent.name if path.suffix else path.name for path in firsts]
    return list(dict.fromkeys(names))


def _folders(masks: Path) -> list[str]:
    return sorted(path.name for path in masks.iterdir() if path.is_dir())


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
        if isinstance(content.get("videos"), dict):
            return dict(content)
    except (OSError, ValueError, AttributeError):
        pass
    raise SourceError(f"{path} is no meta file of videos.", remedy="Get it again.")


def _grouper(layout: Layout, root: Path, split: str) -> Callable[[str, Any], str]:
    """Group of an object by the video's name and the object's category; "" where nobody tells."""
    known = find(root, layout.known, split)
    if known is None:
        return lambda name, category: ""
    if layout.grouping == "listed":
        unseen = set(known.read_text().split())
        return lambda name, category: "unseen" if name in unseen else "seen"
    videos = _json(known)["videos"].values()
    objects = [about for video in videos for about in video.get("objects", {}).values()]
    seen = {about.get("category") for about in objects}
    return lambda name, category: "seen" if category in seen else "unseen"


def _with_meta(
    video: LabelledVideo, objects: Mapping[str, Any], group_of: Callable[[str, Any], str]
) -> LabelledVideo:
    """With what the meta file tells: frames (YouTube-VOS) or a range of frames (LVOS)."""
    positions = {int(path.stem): index for index, path in enumerate(video.images)}
    tracks, wanted = [], set()
    try:
        for object_id, about in objects.items():
            if "frames" in about:
                frames = [positions[int(frame)] for frame in about["frames"]]
                first, counted = frames[0], [i for i in sorted(video.masks) if i > frames[0]]
                wanted.update(frames)
            else:
                first, counted = _range(positions, about["frame_range"])
            group = group_of(video.name, about.get("category"))
            tracks.append(Track(int(object_id), first, tuple(counted), group))
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise SourceError(
            f"The meta file does not fit the images of {video.name} ({error!r}).",
            remedy="Check that both are of the same release.",
        ) from None
    return replace(video, tracks=tuple(tracks), wanted=tuple(sorted(wanted)) or None)


def _range(positions: Mapping[int, int], about: Mapping[str, Any]) -> tuple[int, list[int]]:
    start, end, count = (int(about[name]) for name in ("start", "end", "frame_nums"))
    names = range(start, end, STEP)
    return positions[start], [positions[name] for name in names[1 : count - 1]]
