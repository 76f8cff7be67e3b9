"""A process that is told over a pipe what to measure, and sleeps in between."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]


class WorkerFailed(RuntimeError):
    """The process could not do its work; the message is one line."""


class Worker:
    """Starts `worker_main` in a process of its own, whose thread pools disturb nobody else's.

    Args:
        threads: of its libraries.
        device: `"cpu"`, which hides every GPU from it, or `"gpu"`.
        limit_memory: let requests beyond the memory that is free fail in the process, where they
            would otherwise bring down the machine.
        variables: of its environment, beside those of this process.
    """

    def __init__(
        self,
        threads: int,
        device: str = "cpu",
        limit_memory: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "experiments.benchmarks.worker_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**_environment(threads, device, limit_memory), **(variables or {})},
            text=True,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, task: str, arguments: Mapping[str, Any], repeat_seconds: float = 0) -> None:
        """Makes the task ready: built, traced, warmed up.

        Args:
            task: `"module:function"`.
            arguments: of that function.
            repeat_seconds: how long a `run` should last; 0 does the work once, without warming up.

        Raises:
            WorkerFailed: if the process died or its task raised.
        """
        self._ask({"prepare": task, "arguments": arguments, "repeat_seconds": repeat_seconds})

    def run(self, count: int | None = None) -> float:
        """Measures once and returns the value.

        Args:
            count: how many times to do the work; by default as often as `prepare` has found.

        Raises:
            WorkerFailed: if the process died or its task raised.
        """
        return float(self._ask({"run": True, "count": count})["value"])

    def describe(self) -> dict[str, Any]:
        """Returns the `versions`, `threads` and `gpu` of what the process has imported."""
        return self._ask({"describe": True})

    def close(self) -> None:
        """Ends the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    # It died before it read the last command.
                    continue
        try:
            # Its standard input has ended, so it leaves by itself.
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerFailed(self._cause_of_death())
        answer = json.loads(answer)
        if "error" in answer:
            raise WorkerFailed(answer["error"])
        return answer

    def _cause_of_death(self) -> str:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        killed = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"the process {killed}: {last[:200]}"


def _environment(threads: int, device: str, limit_memory: bool) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [os.fspath(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": str(threads),
        "SIMCLR_TF_BENCHMARK_THREADS": str(threads),
        "SIMCLR_TF_BENCHMARK_LIMIT_MEMORY": str(int(limit_memory)),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    return environment
