"""Compile the kernels for GPUs that are not here, in a process without the interpreter.

``python compile_kernels.py widest|all``: one JSON object per kernel, type, size and architecture.
"""

import json
import sys
from itertools import product

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from vidmem.attention import triton_backward as backward
from vidmem.attention import triton_forward as forward
from vidmem.attention.tiles import Machine, Tile, backward_tile, block_width, forward_tile

MACHINES = {
    80: Machine(multiprocessors=108, large_shared=False, interpreted=False),
    90: Machine(multiprocessors=132, large_shared=True, interpreted=False),
}
KERNELS = {
    forward.forward_kernel: forward_tile,
    backward.token_mass_kernel: forward_tile,
    backward.query_gradient_kernel: backward_tile,
    backward.page_gradient_kernel: backward_tile,
}
WIDEST = [("bf16", 256, 256)]
ALL = [
    *((kind, *widths) for kind in ("bf16", "fp16", "fp32")
      for widths in ((32, 32), (64, 64), (96, 48), (128, 128), (256, 64), (256, 256))),
]  # fmt: skip
STORED = ("query", "keys", "values", "answers", "gradient")


def source(kernel, kind: str, key: int, value: int, tile: Tile) -> ASTSource:
    """The kernel as it is launched with aligned tensors."""
    sizes = {"GROUPS": 1, "SHARED": 2, "KEY": key, "VALUE": value, "PAGE_MASS": True}
    sizes |= {"BLOCK_M": tile.rows, "BLOCK_N": tile.tokens, "EXACT": kind == "fp32"}
    sizes |= {"BLOCK_K": block_width(key), "BLOCK_V": block_width(value)}
    numbers = ("streams", "rows", "tokens", "slots", "span")
    signature = {}
    for name in kernel.arg_names:
        pointer = "*i64" if name in ("counts", "table") else "*fp32"
        pointer = f"*{kind}" if name in STORED else pointer
        scalar = "i32" if name in numbers else "fp32" if name == "scale" else pointer
        signature[name] = "constexpr" if name in sizes else scalar
    constants = {name: sizes[name] for name in kernel.arg_names if name in sizes}
    aligned = {
        (place,): [["tt.divisibility", 16]]
        for place, kind_of in enumerate(signature.values())
        if kind_of.startswith("*")
    }
    return ASTSource(kernel, signature, constants, aligned)


def main(which: str) -> None:
    """Write the shared memory each needs."""
    cases = ALL if which == "all" else WIDEST
    for (arch, at), (kernel, choose), case in product(MACHINES.items(), KERNELS.items(), cases):
        kind, key, value = case
        itemsize = 4 if kind == "fp32" else 2
        widest = key if kernel is backward.token_mass_kernel else value
        tile = choose(key, widest, itemsize, at)
        compiled = triton.compile(
            source(kernel, kind, key, value, tile),
            target=GPUTarget("cuda", arch, 32),
            options={
                "num_warps": tile.warps,
                "num_stages": tile.stages,
                "enable_fp_fusion": True,
            },
        )
        row = {"arch": arch, "kernel": kernel.__name__, "case": case}
        sys.stdout.write(json.dumps({**row, "shared": compiled.metadata.shared}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
