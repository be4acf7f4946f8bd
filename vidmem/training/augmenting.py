"""Pictures made unlike each other, so that a network learns shapes instead of our textures."""

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor
from torch.nn import functional

from vidmem.training.stills import Stills

SMALLEST_CROP = 0.62
"""Of the largest crop with the wanted aspect ratio."""
Images = Float[Tensor, "b 3 h w"]


def batch_of(
    stills: Stills, rows: list[int], *, size: tuple[int, int], random: Generator
) -> tuple[Images, Float[Tensor, "b 2 h w"], Float[Tensor, "b h w"]]:
    """Random crops, flipped or not, of some pictures: image 0 to 1, rays (x / z, y / z), metres."""
    height, width = stills.depth_m.shape[1:]
    images = torch.from_numpy(stills.images[rows]).permute(0, 3, 1, 2).float() / 255
    depth = torch.from_numpy(stills.depth_m[rows]).float()[:, None]
    share = _between(SMALLEST_CROP, 1.0, len(rows), random) * min(width / size[1], height / size[0])
    half = torch.stack([share * size[1] / width, share * size[0] / height], -1)
    centre = (2 * torch.rand(len(rows), 2, generator=random) - 1) * (1 - half).clamp_min(0)
    y, x = torch.meshgrid(_line(size[0]), _line(size[1]), indexing="ij")
    grid = centre[:, None, None] + half[:, None, None] * torch.stack([x, y], -1)
    flip = torch.where(torch.rand(len(rows), generator=random) < 0.5, -1.0, 1.0)
    source = grid * torch.stack([flip, torch.ones_like(flip)], -1)[:, None, None]
    images = functional.grid_sample(images, source, padding_mode="border", align_corners=False)
    depth = functional.grid_sample(
        depth, source, mode="nearest", padding_mode="border", align_corners=False
    )
    focal = torch.from_numpy(stills.focal[rows])[:, None, None]
    rays = torch.stack([grid[..., 0], grid[..., 1] * height / width], 1) / (2 * focal[:, None])
    return images, rays, depth[:, 0]


def _line(count: int) -> Tensor:
    return (torch.arange(count) + 0.5) / count * 2 - 1


def _between(low: float, high: float, count: int, random: Generator) -> Float[Tensor, " b"]:
    return low + (high - low) * torch.rand(count, generator=random)


def _normal(count: int, random: Generator) -> Float[Tensor, "b 1 1 1"]:
    return torch.randn(count, 1, 1, 1, generator=random)


def _some(share: float, count: int, random: Generator) -> Bool[Tensor, "b 1 1 1"]:
    return torch.rand(count, 1, 1, 1, generator=random) < share


def disguised(images: Images, *, random: Generator) -> Images:
    """Other colours, light, materials, lenses and sensors; what is where stays the same."""
    count = len(images)
    filtered = _filtered(images, random)
    images = torch.where(_some(0.2, count, random), filtered, images)
    images = _coloured(images, random)
    images = images * torch.exp(0.35 * _normal(count, random).abs() * _field(images, random))
    images = _exposed(images, random)
    blurred = _blurred(images, random)
    images = torch.where(_some(0.6, count, random), blurred, images)
    noise = 0.04 * torch.rand(count, 1, 1, 1, generator=random) ** 2
    images = images + noise * torch.randn(images.shape, generator=random)
    return images.clamp(0, 1)


def _coloured(images: Images, random: Generator) -> Images:
    """Saturation from none to double, channels swapped now and then, a tint."""
    count = len(images)
    order = torch.randperm(3, generator=random)
    images = torch.where(_some(0.4, count, random), images[:, order], images)
    grey = images.mean(1, keepdim=True)
    strength = _between(0.0, 1.6, count, random)[:, None, None, None]
    images = (grey + strength * (images - grey)).clamp_min(0)
    return images * torch.exp(0.15 * torch.randn(count, 3, 1, 1, generator=random))


def _exposed(images: Images, random: Generator) -> Images:
    """A mean brightness as cameras choose it, give or take, and a tone curve."""
    count = len(images)
    wanted = _between(0.2, 0.65, count, random)[:, None, None, None]
    images = images * wanted / images.mean((1, 2, 3), keepdim=True).clamp_min(0.01)
    curve = torch.exp(0.3 * _normal(count, random))
    return images.clamp(1e-3, 1) ** curve


def _field(images: Images, random: Generator) -> Float[Tensor, "b 1 h w"]:
    """Smooth light: lamps, windows and shadows we did not build."""
    coarse = torch.randn(len(images), 1, 3, 4, generator=random)
    return functional.interpolate(coarse, images.shape[2:], mode="bicubic", align_corners=False)


def _filtered(images: Images, random: Generator) -> Images:
    """Random convolutions keep shapes and replace textures (Xu et al., 2021), half mixed in."""
    count = len(images)
    weights = torch.randn(count * 3, 3, 3, 3, generator=random) / 27**0.5
    joined = images.reshape(1, -1, *images.shape[2:])
    mixed = functional.conv2d(
        functional.pad(joined, (1, 1, 1, 1), "replicate"), weights, groups=count
    )
    mixed = (mixed.view_as(images) + 0.5).clamp(0, 1)
    share = _between(0.3, 1.0, count, random)[:, None, None, None]
    return images + share * (mixed - images)


def _blurred(images: Images, random: Generator) -> Images:
    """Smaller and back; or along a line, as by a shaking hand."""
    count, size = len(images), images.shape[2:]
    small = [round(s * float(_between(0.35, 0.9, 1, random))) for s in size]
    soft = functional.interpolate(images, small, mode="bilinear", antialias=True)
    soft = functional.interpolate(soft, size, mode="bilinear")
    width = 1 + 2 * int(torch.randint(1, 4, (1,), generator=random))
    shape = (1, width) if torch.rand(1, generator=random) < 0.5 else (width, 1)
    shaken = functional.avg_pool2d(
        images, shape, 1, (shape[0] // 2, shape[1] // 2), count_include_pad=False
    )
    return torch.where(_some(0.5, count, random), soft, shaken)
