"""The environment variable TF_CONFIG: which processes train together, and which one this is."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

_JOBS = ("chief", "worker")
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The processes that train together.

    Attributes:
        addresses: `host:port` of each, the chief first.
        index: which one this process is, from 0.
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def port(self) -> int:
        """Port at which the others reach this process."""
        return split_address(self.addresses[self.index])[1]


def read_cluster(text: str | None) -> Cluster:
    """Reads what TF_CONFIG says.

    Args:
        text: value of the environment variable; `None` where it is not set.

    Raises:
        ValueError: if it is missing or cannot be right; the message says why.
    """
    if not text:
        raise _refusal("must be set for the strategy multi_worker", text)
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refusal(f"must be JSON ({error})", text) from error
    if not isinstance(config, dict) or not all(
        isinstance(config.get(name), dict) for name in ("cluster", "task")
    ):
        raise _refusal("must hold `cluster` and `task`", text)
    jobs = config["cluster"]
    unknown = sorted(set(jobs) - set(_JOBS))
    if unknown or not any(jobs.values()):
        raise _refusal(f"must name tasks of the jobs {' and '.join(_JOBS)} alone", text)
    for job, addresses in jobs.items():
        if not isinstance(addresses, list) or not all(map(_is_address, addresses)):
            raise _refusal(f"must give a list of host:port for {job}", text)
    tasks = [(job, place) for job in _JOBS for place in range(len(jobs.get(job, [])))]
    addresses = tuple(jobs[job][place] for job, place in tasks)
    if len(jobs.get("chief", [])) > 1:
        raise _refusal("must have one chief at most", text)
    if len(set(addresses)) < len(addresses):
        raise _refusal("must give every task an address of its own", text)
    return Cluster(addresses, _place(config["task"], tasks, text))


def split_address(address: str) -> tuple[str, int]:
    """Returns host and port of `host:port`; an IPv6 host stands in brackets."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _place(task: dict[str, Any], tasks: list[tuple[str, int]], text: str) -> int:
    index = task.get("index")
    # Kubernetes and shells fill in text.
    if isinstance(index, str) and index.isdecimal():
        index = int(index)
    if (task.get("type"), index) not in tasks or isinstance(index, bool):
        named = ", ".join(f"{job} {place}" for job, place in tasks)
        raise _refusal(f"must have a `task` that is one of the cluster's ({named})", text)
    return tasks.index((task["type"], index))


def _is_address(address: Any) -> bool:
    if not isinstance(address, str):
        return False
    host, separator, port = address.rpartition(":")
    in_range = port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536
    return bool(host and separator and in_range)


def _refusal(what: str, text: str | None) -> ValueError:
    return ValueError(f"`TF_CONFIG` {what}, such as {_EXAMPLE}. Received: TF_CONFIG={text!r}")
