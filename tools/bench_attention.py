"""Time attention over stored tokens: ``PYTHONPATH=. python tools/bench_attention.py``.

Runs from a bare checkout; needs torch, numpy and jaxtyping, and Triton on a GPU.
"""

import argparse
import json

import torch

from vidmem.evaluation.bench_attention import bench_attention


def main() -> None:
    """One JSON object on the last line."""
    parser = argparse.ArgumentParser(description="Time attention over stored tokens.")
    parser.add_argument("--device", choices=("cpu", "cuda"), default=None)
    parser.add_argument("--threads", type=int, default=2, help="of the CPU")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    found = bench_attention(device=device, quick=options.quick)
    for row in found["shapes"]:
        print(row["shape"], row["milliseconds"], f"{row['speedup']}x")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
