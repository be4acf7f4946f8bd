"""A short video for trying the product: a beast and a car cross a meadow behind a tree."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import Float

from vidmem.training.camera import drift, heading, standing
from vidmem.training.objects import Look, Wardrobe, beast, car, dress, grown
from vidmem.training.places import build_place
from vidmem.training.scenarios import prompt_of
from vidmem.training.scene import Body, Part, at, scaling
from vidmem.training.staging import assemble
from vidmem.training.world import World, WorldConfig
from vidmem.types import Prompt

SECONDS, RATE = 6, 30
SEED = 20


def example_world(*, height: int = 360, width: int = 640) -> World:
    """The scene of the example, frame by frame. Object 1 is the beast, object 2 the car."""
    random = np.random.default_rng(SEED)
    config = WorldConfig(
        frames=SECONDS * RATE, height=height, width=width, camera_motion=0.7, travel=0.0,
        shake=0.15, zoom=0.0, exposure=0.15, white_balance=0.1, motion_blur=0.4, noise=0.25,
        rolling_noise=0.0, jpeg_quality=None,
    )  # fmt: skip
    wardrobe = Wardrobe()
    bodies, light = build_place(random, wardrobe, "field", furniture=9)
    bodies.append(_trunk(wardrobe))
    fur = Look(0.08, 0.55, 0.7, "clouds", seed=6, tiles_per_m=1.2)
    red = Look(0.0, 0.8, 0.7, "grain", seed=8, tiles_per_m=1.0)
    length = config.frames
    slow, fast = np.linspace(-1.35, 1.7, length), np.linspace(1.95, -3.2, length)
    walk = _path(slow, 4.0 + 0.5 * drift(random, length, seconds=2.0))
    ride = _path(fast, 6.3 + 0.6 * np.sin(np.linspace(0, 4, length)))
    animal = grown(beast(random, wardrobe, fur, length), 1.0)
    motor = grown(car(random, wardrobe, red, length), 1.05)
    bodies.append(Body(1, "beast", heading(walk, turn=True), animal, shadow_m=0.5))
    bodies.append(Body(2, "car", heading(ride, turn=True), motor, shadow_m=0.8))
    scene = assemble(random, wardrobe, bodies, light, config, focal=0.95, pitch=0.1, height_m=1.4)
    return World(scene, height=height, width=width, seed=SEED)


def _path(x: Float[np.ndarray, " frames"], z: Float[np.ndarray, " frames"]) -> np.ndarray:
    return np.stack([x, np.zeros_like(x), z], -1)


def _trunk(wardrobe: Wardrobe) -> Body:
    bark = dress(wardrobe, Look(0.07, 0.4, 0.4, "planks", seed=3, tiles_per_m=1.2))
    trunk = Part("cylinder", at(0, -2, 0) @ scaling(0.15, 2, 0.15), (bark,))
    return Body(0, "tree", standing(0.45, 2.9), (trunk,), shadow_m=0.5)


def write_example(
    path: Path, *, height: int = 360, width: int = 640, frames: int = SECONDS * RATE
) -> list[Prompt]:
    """Render six seconds, or fewer ``frames``, of H.264 to ``path``.

    Returns:
        Boxes for its two objects in the first frame.
    """
    import av

    world = example_world(height=height, width=width)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(world.frame(index).image, format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return [prompt_of(world, number, kind="box") for number in world.names]
