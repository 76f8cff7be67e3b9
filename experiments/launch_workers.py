r"""Train or embed with several worker processes on this machine, as on several machines.

    python experiments/launch_workers.py --workers=2 experiments/pretrain.py --data_dir=FOLDER \
        --strategy=multi_worker --run_dir=runs/mine

Starts the command once a worker, each with a TF_CONFIG of its own on free ports of this machine,
and waits for all of them. When one is lost the others are stopped, and the same command with
--resume goes on from the last checkpoint. On a machine without GPUs the workers share its cores:
it shows what would happen, and is not faster.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import IO

from absl import app, flags

from experiments import launcher
from experiments.local_cluster import local_configs
from simclr_tf.checks import check_at_least

_WORKERS = flags.DEFINE_integer("workers", 2, "processes that train together, at least 1")
_GRACE_SECONDS = flags.DEFINE_float(
    "grace_seconds", 20.0, "how long the others have to say what happened once a worker is lost"
)
_PASSED_ON = {
    signal.SIGINT: signal.SIGINT,
    signal.SIGTERM: signal.SIGTERM,
    signal.SIGHUP: signal.SIGTERM,
}


def main(arguments: list[str]) -> None:
    """Starts the workers and ends with the status of the first that failed."""
    command = arguments[1:]
    try:
        check_at_least("workers", _WORKERS.value, 1)
        check_at_least("grace_seconds", _GRACE_SECONDS.value, 0)
        if not command:
            raise ValueError("Name the script that the workers run, and its flags, at the end.")
    except ValueError as error:
        sys.exit(f"Error: {error}")
    command = [sys.executable, *command]
    sys.exit(run_workers(command, _WORKERS.value, _GRACE_SECONDS.value))


def run_workers(command: Sequence[str], count: int, grace: float) -> int:
    """Runs a command in `count` processes that know of each other; returns the exit status.

    Args:
        command: the program and its arguments.
        count: processes, at least 1.
        grace: seconds that the others have to end by themselves once one has failed.

    Returns:
        0 when all succeed; else the status of the first that failed, 128 + the number of the
        signal where it was killed.
    """
    workers: list[subprocess.Popen[bytes]] = []
    with _passing_on(workers):
        for index, config in enumerate(local_configs(count)):
            workers.append(_start(command, config, index))
        listeners = [
            threading.Thread(target=_pass_on_errors, args=(index, worker.stderr))
            for index, worker in enumerate(workers)
        ]
        for listener in listeners:
            listener.start()
        failed = _first_failure(workers)
        if failed is not None:
            _end(workers, grace)
        for listener in listeners:
            listener.join()
    if failed is None:
        return 0
    status = workers[failed].returncode
    # Stopped by a signal they have said so themselves.
    if status not in (130, 143):
        print(f"Error: {_reason(failed, count, status)}", file=sys.stderr)
    return status if status > 0 else 128 - status


def _start(command: Sequence[str], config: str, index: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env={**os.environ, "TF_CONFIG": config},
        stdin=subprocess.DEVNULL,
        stdout=None if index == 0 else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Ctrl-C reaches them once, passed on from here.
        start_new_session=True,
    )


def _pass_on_errors(index: int, pipe: IO[bytes] | None) -> None:
    """Copies what a worker writes: the chief's as it is, lines of the others with their number."""
    if pipe is None:
        return
    with pipe:
        if index == 0:
            while part := os.read(pipe.fileno(), 4096):
                sys.stderr.buffer.write(part)
                sys.stderr.flush()
            return
        for line in pipe:
            sys.stderr.buffer.write(f"[worker {index}] ".encode() + line)
            sys.stderr.flush()


def _first_failure(workers: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Waits until all have succeeded or one has failed; returns its number."""
    while True:
        states = [worker.poll() for worker in workers]
        failed = [index for index, status in enumerate(states) if status]
        if failed:
            return _cause(failed, states)
        if all(status == 0 for status in states):
            return None
        time.sleep(0.1)


def _cause(failed: list[int], states: list[int | None]) -> int:
    """The one that others have failed for want of, where several have at the same time."""
    own = [index for index in failed if states[index] != launcher.LOST_WORKER]
    killed = [index for index in own if (states[index] or 0) < 0]
    return (killed or own or failed)[0]


def _end(workers: Sequence[subprocess.Popen[bytes]], grace: float) -> None:
    """Waits for the rest to end, and asks, then makes them."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        running = [worker for worker in workers if worker.poll() is None]
        for worker in running if number else []:
            worker.send_signal(number)
        end = time.monotonic() + grace
        for worker in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(max(0.0, end - time.monotonic()))


@contextlib.contextmanager
def _passing_on(workers: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    def pass_on(number, frame):
        for worker in workers:
            if worker.poll() is None:
                worker.send_signal(_PASSED_ON[number])

    previous = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _reason(index: int, count: int, status: int) -> str:
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"
    return (
        f"worker {index} of {count} {how}; the others were stopped. The same command with "
        "--resume goes on from the last checkpoint; a script without --resume does so by itself."
    )


if __name__ == "__main__":
    # What follows the script's name is the script's.
    flags.FLAGS.set_gnu_getopt(False)
    app.run(main)
