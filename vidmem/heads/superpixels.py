"""Small patches of even colour, which of them touch, and what stands out from the border."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int, UInt8
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

PATCHES = 300
TURNS = 6
COMPACTNESS = 12.0
"""Of colour against place (SLIC: Achanta et al. 2012)."""
BORDER_SIGMA = 1.0
GEODESIC_SIGMA = 10.0
APPEARANCE_SIGMA = 10.0
PLACE_SIGMA = 0.25
SMOOTHNESS = 0.1


@dataclass(frozen=True, slots=True)
class Patches:
    """A picture cut into patches."""

    labels: Int[np.ndarray, "h w"]
    lab: Float[np.ndarray, "n 3"]
    """Mean colour, CIE Lab."""
    places: Float[np.ndarray, "n 2"]
    """Mean row and column, as shares of the picture."""
    sizes: Float[np.ndarray, " n"]
    """Pixels."""
    borders: Float[np.ndarray, " n"]
    """Pixels on the picture's border."""
    contacts: Float[np.ndarray, "n n"]
    """Pixel pairs across the common boundary."""
    edges: Float[np.ndarray, "n n"]
    """Mean colour step across it."""


def patches_of(image: UInt8[np.ndarray, "h w 3"]) -> Patches:
    """Cut a small picture into about ``PATCHES`` patches."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    labels = _slic(lab)
    count = int(labels.max()) + 1
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=count).astype(float)
    rows, columns = np.mgrid[: lab.shape[0], : lab.shape[1]]
    rim = np.ones(labels.shape, bool)
    rim[1:-1, 1:-1] = False
    contacts, edges = _contacts(lab, labels, count)
    return Patches(
        labels=labels,
        lab=_means(lab.reshape(-1, 3), flat, sizes),
        places=_means(
            np.stack([rows.ravel() / lab.shape[0], columns.ravel() / lab.shape[1]], 1), flat, sizes
        ),
        sizes=sizes,
        borders=np.bincount(labels[rim], minlength=count).astype(float),
        contacts=contacts,
        edges=edges,
    )


def saliency_of(patches: Patches) -> Float[np.ndarray, " n"]:
    """0 to 1: unlike the rest and not connected with the border (Zhu et al. 2014, eq. 1-9)."""
    touching = patches.contacts > 0
    steps = np.linalg.norm(patches.lab[:, None] - patches.lab[None], axis=-1)
    rim = patches.borders > 0
    linked = touching | (rim[:, None] & rim[None])
    graph = csr_matrix(np.where(linked, np.maximum(steps, 1e-3), 0))
    reach = np.exp(-((dijkstra(graph) / GEODESIC_SIGMA) ** 2) / 2)
    connectivity = (reach @ (patches.borders > 0)) / np.sqrt(reach.sum(1))
    background = 1 - np.exp(-(connectivity**2) / (2 * BORDER_SIGMA**2))
    apart = np.linalg.norm(patches.places[:, None] - patches.places[None], axis=-1)
    near = np.exp(-(apart**2) / (2 * PLACE_SIGMA**2))
    contrast = (steps * near * background[None]).sum(1)
    contrast /= max(1e-9, contrast.max())
    weights = np.exp(-(steps**2) / (2 * APPEARANCE_SIGMA**2)) * touching + SMOOTHNESS * touching
    laplacian = np.diag(weights.sum(1)) - weights
    solved = np.linalg.solve(np.diag(background + contrast + 1e-6) + laplacian, contrast)
    low, high = float(solved.min()), float(solved.max())
    return (solved - low) / max(1e-9, high - low)


def _slic(lab: Float32[np.ndarray, "h w 3"]) -> Int[np.ndarray, "h w"]:
    height, width = lab.shape[:2]
    side = np.sqrt(height * width / PATCHES)
    down, across = max(1, round(height / side)), max(1, round(width / side))
    rows, columns = np.mgrid[:height, :width]
    scale = COMPACTNESS / side
    points = np.dstack([lab, rows * scale, columns * scale]).astype(np.float32)
    home = (rows * down // height, columns * across // width)
    labels = home[0] * across + home[1]
    near = [
        np.clip(home[0] + i, 0, down - 1) * across + np.clip(home[1] + j, 0, across - 1)
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    ]
    centres = np.zeros((down * across, 5), np.float32)
    for _ in range(TURNS):
        sizes = np.bincount(labels.ravel(), minlength=len(centres)).astype(float)
        means = _means(points.reshape(-1, 5), labels.ravel(), np.maximum(sizes, 1))
        centres = np.where(sizes[:, None] > 0, means, centres).astype(np.float32)
        far = np.stack([((points - centres[which]) ** 2).sum(-1) for which in near])
        labels = np.take_along_axis(np.stack(near), far.argmin(0)[None], 0)[0]
    return _connected(labels)


def _connected(labels: Int[np.ndarray, "h w"]) -> Int[np.ndarray, "h w"]:
    """Numbers without gaps."""
    _, numbered = np.unique(labels, return_inverse=True)
    return numbered.reshape(labels.shape)


def _means(
    values: Float[np.ndarray, "pixels size"],
    labels: Int[np.ndarray, " pixels"],
    sizes: Float[np.ndarray, " n"],
) -> Float[np.ndarray, "n size"]:
    columns = [np.bincount(labels, column, len(sizes)) / sizes for column in values.T]
    return np.stack(columns, 1)


def _contacts(
    lab: Float32[np.ndarray, "h w 3"], labels: Int[np.ndarray, "h w"], count: int
) -> tuple[Float[np.ndarray, "n n"], Float[np.ndarray, "n n"]]:
    contacts, steps = np.zeros((count, count)), np.zeros((count, count))
    for a, b in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        differing = labels[a] != labels[b]
        one, other = labels[a][differing], labels[b][differing]
        step = np.linalg.norm(lab[a][differing] - lab[b][differing], axis=-1)
        for i, j in ((one, other), (other, one)):
            np.add.at(contacts, (i, j), 1)
            np.add.at(steps, (i, j), step)
    return contacts, steps / np.maximum(contacts, 1)
