"""The small network behind the embedded default: one picture in, inverse depth out.

Dense 3x3 convolutions from half to a sixteenth of the picture's size, attention over the coarsest
grid (the layout of a whole room is needed to tell how far its walls are), and a decoder with skip
connections (U-Net, Ronneberger et al., 2015). All sizes are our own choice.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 16
"""Height and width of pictures are multiples of this."""
OUTPUT_STRIDE = 2
WIDTHS = (24, 48, 96, 192)
"""Channels at strides 2, 4, 8 and 16."""
DEPTHS = (1, 2, 3, 3)
"""Residual blocks there."""
HEADS = 6
LAYERS = 2


class MonoNetwork(nn.Module):
    """Logarithm of inverse depth (1/m) from a picture and the rays of its pixels.

    The world it learns from has a scale, so it answers in metres; that is a guess, and callers fit
    at least a scale to what they know.
    """

    def __init__(self) -> None:
        super().__init__()
        stages, before = [], 5
        for width, depth in zip(WIDTHS, DEPTHS, strict=True):
            blocks = [Residual(width) for _ in range(depth)]
            stages.append(nn.Sequential(nn.Conv2d(before, width, 3, 2, 1), *blocks))
            before = width
        self.stages = nn.ModuleList(stages)
        self.place = nn.Linear(2, WIDTHS[-1])
        self.layers = nn.ModuleList(Attentive(WIDTHS[-1]) for _ in range(LAYERS))
        self.joins = nn.ModuleList(
            Join(coarse, fine) for coarse, fine in zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True)
        )
        self.distance = nn.Linear(WIDTHS[-1], 1)
        self.norm = nn.BatchNorm2d(WIDTHS[0])
        self.out = nn.Conv2d(WIDTHS[0], 1, 3, padding=1)
        nn.init.zeros_(self.distance.weight)

    def forward(
        self, image: Float[Tensor, "b 3 h w"], rays: Float[Tensor, "b 2 h w"]
    ) -> Float[Tensor, "b rows columns"]:
        """Log of inverse depth at half the size.

        Args:
            image: 0 to 1; brightness and contrast are normalised here.
            rays: x / z and y / z of every pixel.
        """
        mean = image.mean((1, 2, 3), keepdim=True)
        deviation = image.std((1, 2, 3), keepdim=True) + 0.02
        x = torch.cat([(image - mean) / deviation, rays], 1)
        x = x.contiguous(memory_format=torch.channels_last)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        coarse = self._look_around(kept.pop(), rays)
        offset = self.distance(coarse.mean((2, 3)))
        for join in self.joins:
            coarse = join(coarse, kept.pop())
        answer = self.out(functional.relu(self.norm(coarse)))[:, 0]
        log: Tensor = (answer + offset[:, :, None]).float()
        return log

    def _look_around(
        self, x: Float[Tensor, "b c rows columns"], rays: Float[Tensor, "b 2 h w"]
    ) -> Float[Tensor, "b c rows columns"]:
        places = functional.avg_pool2d(rays, STRIDE).flatten(2).transpose(1, 2)
        tokens = x.flatten(2).transpose(1, 2) + self.place(places)
        for layer in self.layers:
            tokens = layer(tokens)
        grid: Tensor = tokens.transpose(1, 2).reshape(x.shape)
        return grid


class Residual(nn.Module):
    """Two 3x3 convolutions added to what came in (He et al., 2016, pre-activation)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """The same shape."""
        y = self.conv1(functional.relu(self.norm1(x)))
        added: Tensor = x + self.conv2(functional.relu(self.norm2(y)))
        return added


class Attentive(nn.Module):
    """Self-attention and a two-layer perceptron, each added (Vaswani et al., 2017, pre-norm)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix = nn.Linear(width, 3 * width)
        self.back = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, tokens: Float[Tensor, "b n c"]) -> Float[Tensor, "b n c"]:
        """The same shape."""
        b, n, c = tokens.shape
        mixed = self.mix(self.norm1(tokens)).view(b, n, 3, HEADS, c // HEADS)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.back(seen.transpose(1, 2).reshape(b, n, c))
        thought: Tensor = self.narrow(functional.gelu(self.wide(self.norm2(tokens))))
        return tokens + thought


class Join(nn.Module):
    """Coarse features enlarged twice, added to the finer ones of the encoder."""

    def __init__(self, coarse: int, fine: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, fine, 3, padding=1)
        self.skip = nn.Conv2d(fine, fine, 1)
        self.block = Residual(fine)

    def forward(
        self, coarse: Float[Tensor, "b c1 h w"], fine: Float[Tensor, "b c2 rows columns"]
    ) -> Float[Tensor, "b c2 rows columns"]:
        """At the finer size."""
        size = (fine.shape[2], fine.shape[3])
        large = functional.interpolate(self.narrow(coarse), size, mode="bilinear")
        joined: Tensor = self.block(large + self.skip(fine))
        return joined
