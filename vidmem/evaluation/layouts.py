"""Data sets for video object segmentation: where their parts are and what counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Grouping = Literal["none", "category", "listed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One data set. Paths are below the root, ``{split}`` is the split's folder, the first that
    exists is taken."""

    title: str
    splits: tuple[str, ...]
    """The first is the default."""
    images: tuple[str, ...]
    """Folders of a folder per video."""
    masks: tuple[str, ...]
    lists: tuple[str, ...] = ()
    """Names of the split's videos, one a line; without, all that have masks."""
    meta: tuple[str, ...] = ()
    """JSON that tells the objects: their frames or their range of frames."""
    merged: bool = False
    """All objects of a mask are one."""
    late: bool = False
    """Objects may appear later: each is given in its first labelled frame."""
    last: bool = False
    """The last labelled frame counts."""
    grouping: Grouping = "none"
    """How objects seen in training are told from others: by the category in the meta file of the
    training split, or by a list of the unseen videos. J and F are then means of both groups'."""
    known: tuple[str, ...] = ()
    """The file that tells them apart."""
    inside: str = ""
    """Folder in the zip for the server."""
    server: str = ""
    """Who has the truth that is not public."""


DAVIS_2016 = Layout(
    title="DAVIS 2016",
    splits=("val", "train", "trainval"),
    images=("JPEGImages/480p", "JPEGImages"),
    masks=("Annotations/480p", "Annotations"),
    lists=("ImageSets/2016/{split}.txt", "ImageSets/480p/{split}.txt", "ImageSets/{split}.txt"),
    merged=True,
)
"""Perazzi et al., CVPR 2016. One object per video, at 480p. The first and the last frame do not
count; the mean is over videos. Lists hold names, or pairs of an image and a mask. Read from the
tree of DAVIS 2017, all objects of a mask become one."""

DAVIS_2017 = Layout(
    title="DAVIS 2017, semi-supervised",
    splits=("val", "train", "trainval", "test-dev", "test-challenge"),
    images=("JPEGImages/480p", "JPEGImages/Full-Resolution"),
    masks=("Annotations/480p", "Annotations/Full-Resolution"),
    lists=("ImageSets/2017/{split}.txt",),
    server="the DAVIS server (CodaLab)",
)
"""Pont-Tuset et al., 2017. Several objects, all in the first frame. The first and the last frame do
not count; the mean is over objects, not over videos. Of test-dev and test-challenge only the first
masks are public. The official decay goes wrong beyond 256 frames (bin edges of 8 bits): both are
reported. The masks of the unsupervised track are another folder, which is not read."""

YOUTUBE_VOS_2018 = Layout(
    title="YouTube-VOS 2018",
    splits=("val", "train", "test"),
    images=(
        "{split}_all_frames/JPEGImages",
        "all_frames/{split}_all_frames/JPEGImages",
        "{split}/JPEGImages",
    ),
    masks=("{split}/Annotations",),
    meta=("{split}/meta.json",),
    late=True,
    last=True,
    grouping="category",
    known=("train/meta.json",),
    inside="Annotations",
    server="the YouTube-VOS server (CodaLab)",
)
"""Xu et al., 2018. Every fifth frame is labelled; all frames are followed where they are there.
Objects appear later: each is given in the first of its frames in meta.json. A mask that gives an
object need not show the ones given before: 0 is no label there, not background. J&F is the mean of
J and F over seen and unseen categories; unseen are those that train/meta.json does not name. The
truth of val and test is on the server, whose code is not public: which frames it leaves out is not
known. Where truth is there, every labelled frame after the given one counts, also the last."""

YOUTUBE_VOS_2019 = replace(YOUTUBE_VOS_2018, title="YouTube-VOS 2019")
"""More videos and objects in val and test than in 2018, the same form."""

LVOS_V1 = Layout(
    title="LVOS v1",
    splits=("val", "train", "test"),
    images=("{split}/JPEGImages", "JPEGImages"),
    masks=("{split}/Annotations", "Annotations"),
    meta=("{split}/{split}_meta.json", "{split}/valid_meta.json", "{split}/val_meta.json",
          "{split}_meta.json"),
    late=True,
    grouping="listed",
    known=("{split}/unseen_videos.txt", "unseen_videos.txt"),
    server="the LVOS server (CodaLab)",
)  # fmt: skip
"""Hong et al., ICCV 2023. Names count in steps of five from 1. Each object is given at the start of
its range in the meta file and judged from ``start`` to before ``end`` in steps of five, without
the first and the last of its ``frame_nums``. J&F is the mean of J and F over seen and unseen
videos. The list of the unseen is not in the data but in the evaluation toolkit, unseen_videos.txt:
copy it to the root. V is the deviation of J&F over the frames, its variance rounded to four digits.
In the toolkit decay is always 0 (it takes quarters of an axis of length one); here it is not. An
older toolkit counted the first frame, too; figures of both are in print for the same models."""

LVOS_V2 = replace(LVOS_V1, title="LVOS v2")
"""Hong et al., 2024: 720 videos instead of 220, another list of unseen ones, the same form."""

LONG_VIDEOS = Layout(
    title="Long Video Dataset",
    splits=("val",),
    images=("long_video/JPEGImages", "JPEGImages/480p", "JPEGImages"),
    masks=("long_video/Annotations", "Annotations/480p", "Annotations"),
)
"""Liang et al., NeurIPS 2020 (AFB-URR). Three videos of thousands of frames, about twenty of them
labelled. As with the DAVIS toolkit, which XMem and those after it use, the first and the last
labelled frame do not count; the authors' own tool counts the last. Three videos: look at the
spread, too."""

MOSE = Layout(
    title="MOSE v1",
    splits=("val", "train", "test"),
    images=("{split}/JPEGImages",),
    masks=("{split}/Annotations",),
    late=True,
    server="the MOSE server (CodaLab)",
)
"""Ding et al., ICCV 2023. Of val only the masks of the first frames are public. In train objects
may appear later. J and F as in DAVIS. MOSE v2 judges by other measures, which are not here."""

LAYOUTS: Mapping[str, Layout] = {
    "davis2016": DAVIS_2016,
    "davis2017": DAVIS_2017,
    "youtube-vos-2018": YOUTUBE_VOS_2018,
    "youtube-vos-2019": YOUTUBE_VOS_2019,
    "lvos-v1": LVOS_V1,
    "lvos-v2": LVOS_V2,
    "long-videos": LONG_VIDEOS,
    "mose": MOSE,
}
