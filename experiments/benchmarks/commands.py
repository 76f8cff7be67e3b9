"""How long a command takes to start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from experiments.benchmarks.worker import ROOT


def start(arguments: Sequence[str]) -> Callable[[int], float]:
    """Returns a task that runs Python with `arguments` and gives the seconds until it ends."""

    def run(count: int) -> float:
        begin = time.perf_counter()
        for _ in range(count):
            subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False, capture_output=True)
        return (time.perf_counter() - begin) / count

    return run
