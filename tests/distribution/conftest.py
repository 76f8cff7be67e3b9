import functools
import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.forked import ForkedPopen

ROOT = pathlib.Path(__file__).parents[2]
CASES = (
    "simclr",
    "clipped",
    "float16",
    "sup_con_caching",
    "triplet",
    "classifier",
)
SECONDS = 400


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    return {**clean, "PYTHONPATH": os.fspath(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", **more}


def free_addresses(count):
    sockets = [socket.socket() for _ in range(count)]
    for own in sockets:
        own.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{own.getsockname()[1]}" for own in sockets]
    for own in sockets:
        own.close()
    return addresses


def start(arguments, **more):
    pipe = subprocess.PIPE
    return ForkedPopen(
        [sys.executable, *arguments], cwd=ROOT, env=environment(**more), stdout=pipe, stderr=pipe
    )


def start_workers(arguments, count):
    """Starts the same program `count` times, each with a TF_CONFIG of its own."""
    cluster = {"worker": free_addresses(count)}
    tasks = [{"type": "worker", "index": index} for index in range(count)]
    configs = [json.dumps({"cluster": cluster, "task": task}) for task in tasks]
    return [start(arguments, TF_CONFIG=config) for config in configs]


def finish(processes):
    """Waits for all; returns the outputs of the first."""
    try:
        ended = [process.communicate(timeout=SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (_, errors) in zip(processes, ended, strict=True):
        assert process.returncode == 0, errors[-3000:]
    return ended[0]


@pytest.fixture(scope="session")
def trained(shared_folder, once):
    """From strategy, replicas (or workers, and the CPUs of each) to what the cases became.

    Each is trained once.
    """

    @functools.cache
    def train(strategy, count, cases=CASES, cpus=1):
        name = f"trained_{strategy}_{count}_{cpus}"
        path = shared_folder / f"{name}.npz"
        program = ["-m", "tests.distribution.training_program", path, strategy]

        def run():
            if strategy == "multi_worker":
                return finish(start_workers([*program, str(cpus), *cases], count))
            return finish([start([*program, str(count), *cases])])

        once(name, run)
        with np.load(path) as file:
            return {name: file[name] for name in file.files}

    return train
