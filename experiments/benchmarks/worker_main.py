"""The process behind `Worker`: reads commands, answers with what it measured."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import IO, Any

from experiments.benchmarks import memory
from experiments.benchmarks.threads import set_threads

Task = Callable[[int], float]


def serve(commands: IO[str], answers: IO[str]) -> None:
    """Answers one line of JSON for each line of JSON, until the commands end."""
    worker = _Measurer()
    for line in commands:
        try:
            answer = worker.answer(json.loads(line))
        except KeyboardInterrupt:
            return
        # A task may fail in any way; the other contestants go on, and the row says why.
        except Exception as error:
            worker.task = None
            answer = {"error": _one_line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class _Measurer:
    def __init__(self) -> None:
        self.task: Task | None = None
        self.count = 1

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        if "prepare" in command:
            # What the last task held is given back before the next one takes memory.
            self.task = None
            gc.collect()
            module, _, function = command["prepare"].partition(":")
            prepare = getattr(importlib.import_module(module), function)
            set_threads()
            self.task = prepare(**command["arguments"])
            self.count = _calibrate(self.task, command["repeat_seconds"])
            return {"ready": True}
        if "run" in command:
            if self.task is None:
                raise ValueError("there is no task to run")
            return {"value": self.task(command.get("count") or self.count)}
        return describe()


def _calibrate(task: Task, repeat_seconds: float) -> int:
    """Warms the task up and returns how many times it fits into `repeat_seconds`."""
    if not repeat_seconds:
        return 1
    task(1)
    begin = time.perf_counter()
    task(1)
    return max(1, round(repeat_seconds / (time.perf_counter() - begin)))


def describe() -> dict[str, Any]:
    """Returns versions, threads and the GPU of the frameworks that this process has imported."""
    versions: dict[str, str] = {}
    threads: dict[str, int] = {}
    gpu = None
    if "tensorflow" in sys.modules:
        import keras
        import tensorflow as tf

        versions |= {"tensorflow": tf.__version__, "keras": keras.__version__}
        threads["tensorflow"] = tf.config.threading.get_intra_op_parallelism_threads()
        devices = tf.config.list_physical_devices("GPU")
        if devices:
            gpu = tf.config.experimental.get_device_details(devices[0]).get("device_name")
    if "faiss" in sys.modules:
        import faiss

        versions["faiss"] = faiss.__version__
        threads["faiss"] = faiss.omp_get_max_threads()
    if "cv2" in sys.modules:
        import cv2

        versions["opencv"] = cv2.__version__
        threads["opencv"] = cv2.getNumThreads()
    if "torch" in sys.modules:
        import lightly
        import torch
        import torchvision

        versions |= {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "lightly": lightly.__version__,
        }
        threads["torch"] = torch.get_num_threads()
        if torch.cuda.is_available():
            gpu = torch.cuda.get_device_name()
    return {"versions": versions, "threads": threads, "gpu": gpu}


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def main() -> None:
    """Serves on the standard streams; what libraries print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if os.environ["SIMCLR_TF_BENCHMARK_LIMIT_MEMORY"] == "1":
        memory.limit_to_free_memory()
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
