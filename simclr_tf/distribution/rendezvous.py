"""All workers meet before TensorFlow connects them, which would wait for a missing one for ever."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping

from simclr_tf.checks import check_positive
from simclr_tf.distribution.cluster import Cluster, split_address

_LONGEST_GREETING = 65_536
_PATIENCE_SECONDS = 5.0


def meet_workers(cluster: Cluster, identity: Mapping[str, str], timeout: float = 300.0) -> None:
    """Returns once every worker has reached every other one and found it to be alike.

    Each listens at its own port, which TensorFlow takes over afterwards, and calls at the others'
    until they answer.

    Args:
        cluster: the workers.
        identity: what must be the same on all of them, by name: versions, flags.
        timeout: seconds to wait for the others, greater than 0.

    Raises:
        ValueError: if a worker does not answer in time, another program has this worker's port,
            or a worker differs; the message names it.
    """
    check_positive("worker_timeout", timeout)
    end = time.monotonic() + timeout
    others = [number for number in range(len(cluster.addresses)) if number != cluster.index]
    mine = {**identity, "TF_CONFIG": " ".join(cluster.addresses)}
    with _answering(cluster, mine) as callers:
        missing = dict.fromkeys(others, "no answer")
        while missing or set(others) - callers.keys():
            for number in others:
                _compare(number, cluster, mine, callers.get(number, mine))
            for number in list(missing):
                try:
                    theirs = _call(cluster, number, mine)
                except OSError as error:
                    missing[number] = error.strerror or "no answer"
                    continue
                del missing[number]
                _compare(number, cluster, mine, theirs)
            late = sorted(missing.keys() | (set(others) - callers.keys()))
            if late and time.monotonic() > end:
                raise ValueError(_unreachable(cluster, late, missing, timeout))
            time.sleep(0.1)


@contextlib.contextmanager
def _answering(cluster: Cluster, mine: Mapping[str, str]) -> Iterator[dict[int, dict[str, str]]]:
    """Answers callers at this worker's port meanwhile; gives what each of them has said."""
    callers: dict[int, dict[str, str]] = {}
    with socket.socket(socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET) as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if own.family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            own.bind(("", cluster.port))
            own.listen(len(cluster.addresses) + 8)
        except OSError as error:
            raise ValueError(
                "`TF_CONFIG` must give this worker a port that is free on this machine: "
                f"{cluster.port} is not ({os.strerror(error.errno or 0)}). Is another worker "
                "running with the same index?"
            ) from error
        own.settimeout(0.1)
        over = threading.Event()

        def answer() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError, ValueError):
                    caller, _ = own.accept()
                    with caller:
                        caller.settimeout(_PATIENCE_SECONDS)
                        theirs = _receive(caller)
                        _send(caller, {"number": str(cluster.index), **mine})
                        callers[int(theirs.pop("number"))] = theirs

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield callers
        finally:
            over.set()
            thread.join()


def _call(cluster: Cluster, number: int, mine: Mapping[str, str]) -> dict[str, str]:
    """Greets a worker and returns what it says of itself."""
    address = split_address(cluster.addresses[number])
    with socket.create_connection(address, timeout=_PATIENCE_SECONDS) as line:
        _send(line, {"number": str(cluster.index), **mine})
        try:
            theirs = _receive(line)
        except ValueError as error:
            raise OSError(0, "something else answers") from error
    if theirs.pop("number", None) != str(number):
        raise OSError(0, "another worker answers")
    return theirs


def _send(line: socket.socket, greeting: Mapping[str, str]) -> None:
    line.sendall(json.dumps(greeting).encode() + b"\n")


def _receive(line: socket.socket) -> dict[str, str]:
    received = b""
    while not received.endswith(b"\n"):
        part = line.recv(4096)
        if not part or len(received) > _LONGEST_GREETING:
            raise ValueError("not a greeting")
        received += part
    greeting = json.loads(received)
    if not isinstance(greeting, dict) or not str(greeting.get("number")).isdecimal():
        raise ValueError("not a greeting")
    return greeting


def _compare(
    number: int, cluster: Cluster, mine: Mapping[str, str], theirs: Mapping[str, str]
) -> None:
    names = sorted(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))
    if names:
        differences = "; ".join(
            f"{name}: {theirs.get(name, 'not set')} there, {mine.get(name, 'not set')} here"
            for name in names
        )
        raise ValueError(
            "All workers must be started with the same command, versions and cluster. "
            f"Worker {number} ({cluster.addresses[number]}) differs: {differences}"
        )


def _unreachable(
    cluster: Cluster, late: list[int], reasons: Mapping[int, str], timeout: float
) -> str:
    listed = ", ".join(
        f"worker {number} at {cluster.addresses[number]} "
        f"({reasons.get(number, 'it answers but did not call back')})"
        for number in late
    )
    return (
        f"Not all workers of `TF_CONFIG` were there within {timeout:g} seconds; missing: {listed}. "
        "Start them all, and see that each can be reached at its address from every other one."
    )
