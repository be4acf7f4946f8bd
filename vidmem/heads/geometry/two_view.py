"""Two views: how the camera moved between them, and depth along each ray."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32
from scipy.optimize import least_squares

from vidmem.heads.geometry.camera import rigid

INLIER_PX = 0.25
"""Distance to the epipolar line (MAGSAC's upper scale)."""
FEWEST = 60
"""Matches without which a motion is not believed."""
LEAST_IN_FRONT = 0.9
"""Share of the points that a believable motion puts before both cameras."""
AGREEING_PX = 0.7
LEAST_AGREEING = 0.35
"""Share of the matches that lie so near their epipolar lines."""
FAINT_PX = 1.5
CLEAR = 9.0
"""Parallax of less than ``FAINT_PX`` over the median distance to epipolar lines: 10 and more where
a camera moves, 8 and less where something moves before a hand that only trembles."""
REFINED_PARALLAX_PX = 4.0
NEAREST = 0.98
FLOW_SIGMA_PX = 0.35
"""Standard deviation of a good flow vector."""
BEST_SIGMA_PX = 0.1
"""Of flow where it is best, which decides on motions."""
INDEPENDENT = 100
"""Neighbouring matches err together: all of them count as so many."""
MOST_MATCHES = 400
MOST_SAMPLES = 500
"""Of five matches: more only cost time, twice as much at worst."""


class Doubt(NamedTuple):
    """Standard deviations of a motion known beforehand, in radians."""

    turn: float
    shift: float
    """Of the direction of the translation."""


POSE_DOUBT = Doubt(0.02, 0.15)
"""Of measured poses: a degree off is usual where they come from another sensor or clock."""
TRACKED_DOUBT = Doubt(0.01, 0.3)
FREE = Doubt(10.0, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Directions with z = 1 of the same points from two places."""

    here: Float[np.ndarray, "n 3"]
    there: Float[np.ndarray, "n 3"]
    weights: Float[np.ndarray, " n"]
    """0 to 1."""

    def thinned(self, most: int) -> "Matches":
        """At most twice as many as ``most``."""
        every = max(1, len(self.here) // most)
        return Matches(self.here[::every], self.there[::every], self.weights[::every])


def rotation_between(
    here: Float[np.ndarray, "n 3"], there: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, "3 3"]:
    """Rotation that turns unit rays ``here`` into ``there`` (Kabsch), reweighted three times."""
    weights = np.ones(len(here))
    rotation = np.eye(3)
    for _ in range(4):
        u, _, vt = np.linalg.svd((there * weights[:, None]).T @ here)
        rotation = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
        errors = np.linalg.norm(there - here @ rotation.T, axis=1)
        weights = 1 / (errors + np.median(errors) + 1e-6)
    return rotation


def parallax_px(
    here: Float[np.ndarray, "n 3"], there: Float[np.ndarray, "n 3"], *, focal: float
) -> float:
    """Median motion that a rotation does not explain, in pixels; rays of any length."""
    a, b = (rays / np.linalg.norm(rays, axis=1, keepdims=True) for rays in (here, there))
    left_over = b - a @ rotation_between(a, b).T
    return float(np.median(np.linalg.norm(left_over, axis=1)) * focal)


def relative_motion(
    matches: Matches, *, focal: float, guess: Float[np.ndarray, "4 4"] | None, doubt: Doubt
) -> Float[np.ndarray, "4 4"] | None:
    """Motion of points from here to there with a translation of unit length.

    Essential matrix by MAGSAC++ (Barath et al., CVPR 2020), refined where there is much parallax;
    the guess, refined, where that is not believable. None: nothing is.

    Args:
        matches: what is seen where.
        focal: in pixels.
        guess: the motion known beforehand.
        doubt: how well it is known.
    """
    if len(matches.here) < FEWEST:
        return None
    matches = matches.thinned(MOST_MATCHES)
    parallax = parallax_px(matches.here, matches.there, focal=focal)
    motion = _essential_motion(matches, focal)
    if motion is not None:
        if parallax > REFINED_PARALLAX_PX:
            motion = _refined(matches, motion, focal, FREE)
    elif guess is not None and np.linalg.norm(guess[:3, 3]) > 1e-9:
        motion = _refined(matches, guess, focal, doubt)
    if motion is None:
        return None
    errors = np.abs(sampson(matches.here, matches.there, motion)) * focal
    agree = np.mean(errors < AGREEING_PX) > LEAST_AGREEING
    clear = parallax > min(CLEAR * np.median(errors), FAINT_PX)
    return motion if agree and clear else None


def _essential_motion(matches: Matches, focal: float) -> Float[np.ndarray, "4 4"] | None:
    here, there = matches.here, matches.there
    essential, _ = cv2.findEssentialMat(
        here[:, :2],
        there[:, :2],
        np.eye(3),
        cv2.USAC_MAGSAC,
        0.999,
        INLIER_PX / focal,
        maxIters=MOST_SAMPLES,
    )
    if essential is None or essential.shape != (3, 3):
        return None
    one, other, shift = cv2.decomposeEssentialMat(essential)
    four = [rigid(turn, sign * shift[:, 0]) for turn in (one, other) for sign in (1, -1)]
    shares = [_share_in_front(here, there, motion) for motion in four]
    best = int(np.argmax(shares))
    return four[best] if shares[best] >= LEAST_IN_FRONT else None


def _share_in_front(
    here: Float[np.ndarray, "n 3"],
    there: Float[np.ndarray, "n 3"],
    motion: Float[np.ndarray, "4 4"],
) -> float:
    """Of the points, before both cameras. (OpenCV's own test loses points that are far away.)"""
    turned = here @ motion[:3, :3].T
    across = np.cross(there, motion[None, :3, 3])
    inverse = -(across * np.cross(there, turned)).sum(1) / ((across * across).sum(1) + 1e-18)
    return float(np.mean((inverse > 0) & (turned[:, 2] + inverse * motion[2, 3] > 0)))


def _refined(
    matches: Matches, guess: Float[np.ndarray, "4 4"], focal: float, doubt: Doubt
) -> Float[np.ndarray, "4 4"]:
    """Maximum a posteriori: Sampson distances with a Cauchy loss, and the guess as a prior."""
    shift = guess[:3, 3] / np.linalg.norm(guess[:3, 3])
    across = np.linalg.svd(shift[None])[2][1:]
    share = matches.weights * np.sqrt(INDEPENDENT / len(matches.here))
    sigmas = np.array([doubt.turn] * 3 + [doubt.shift] * 2)

    def moved(x: np.ndarray) -> np.ndarray:
        direction = shift + x[3:] @ across
        turned = cv2.Rodrigues(x[:3])[0] @ guess[:3, :3]
        return rigid(turned, direction / np.linalg.norm(direction))

    def residuals(x: np.ndarray) -> np.ndarray:
        errors = sampson(matches.here, matches.there, moved(x)) * (focal / BEST_SIGMA_PX)
        # Cauchy by hand: the loss is for the matches, not for the prior.
        robust = np.sqrt(np.log1p(errors**2)) * np.sign(errors)
        return np.concatenate([share * robust, x / sigmas])

    found = least_squares(
        residuals, np.zeros(5), method="lm", ftol=1e-4, xtol=1e-4, max_nfev=12, x_scale=0.01
    )
    return moved(found.x)


def sampson(
    here: Float[np.ndarray, "n 3"],
    there: Float[np.ndarray, "n 3"],
    motion: Float[np.ndarray, "4 4"],
) -> Float[np.ndarray, " n"]:
    """Signed first-order distance to the epipolar constraint, in units of z = 1."""
    x, y, z = motion[:3, 3]
    essential = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) @ motion[:3, :3]
    ahead, back = here @ essential.T, there @ essential
    squares = ahead[:, 0] ** 2 + ahead[:, 1] ** 2 + back[:, 0] ** 2 + back[:, 1] ** 2
    distance: np.ndarray = np.einsum("nd,nd->n", there, ahead) / np.sqrt(squares + 1e-18)
    return distance


def triangulate(
    rays: Float32[np.ndarray, "h w 3"],
    rays_there: Float32[np.ndarray, "h w 3"],
    *,
    motion: Float[np.ndarray, "4 4"],
    focal: float,
    flow_error: Float32[np.ndarray, "h w"],
    usable: Bool[np.ndarray, "h w"],
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"], Bool[np.ndarray, "h w"]]:
    """Inverse depth along each ray, its variance, and where it is believable.

    Least squares of ``p x (R r + rho t) = 0``: with a = p x t, rho = -a.(p x R r) / a.a. Then the
    nearest 2 % are clipped and a 3 x 3 median is taken.

    Args:
        rays: of the pixels here, z = 1.
        rays_there: of where the flow says each of them is there, z = 1.
        motion: of points from here to there; its translation sets the unit.
        focal: in pixels.
        flow_error: forward-backward error in pixels.
        usable: pixels whose flow is believed.
    """
    pose = motion.astype(np.float32)
    turned = rays @ pose[:3, :3].T
    across = _cross(rays_there, np.broadcast_to(pose[:3, 3], rays.shape))
    strength = (across * across).sum(-1) + np.float32(1e-12)
    moved = _cross(rays_there, turned)
    inverse = -(across * moved).sum(-1) / strength
    ratio = turned[..., 2] + inverse * pose[2, 3]
    left_over = moved + inverse[..., None] * across
    off = np.sqrt((left_over * left_over).sum(-1)) * np.float32(focal)
    size = np.maximum(np.abs(ratio), np.float32(0.1))
    sigma_px = FLOW_SIGMA_PX + 0.5 * flow_error + off / size
    variance = (sigma_px / focal * size) ** 2 / strength
    good = usable & (inverse > 0) & (ratio > 0.1) & (off < 2 * size) & (variance < 1e9)
    if not good.any():
        return inverse, variance.astype(np.float32), good
    nearest = np.quantile(inverse[good][::7], NEAREST)
    clipped = np.where(good, np.minimum(inverse, nearest), 0).astype(np.float32)
    smooth = cv2.medianBlur(clipped, 3)
    return smooth, variance.astype(np.float32), good & (smooth > 0)


def _cross(
    a: Float32[np.ndarray, "h w 3"], b: Float32[np.ndarray, "h w 3"]
) -> Float32[np.ndarray, "h w 3"]:
    """Faster than numpy's for pictures."""
    result = np.empty_like(a)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        result[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return result
