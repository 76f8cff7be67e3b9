"""What several replicas send each other, counted from shapes and by the kernel."""

from __future__ import annotations

import pathlib

_DEVICES = pathlib.Path("/proc/net/dev")
# Of a float32.
NUMBER_BYTES = 4


def sent_by_all_reduce(replicas: int, numbers: int) -> float:
    """Returns the bytes that each replica sends to add up `numbers` float32 around a ring.

    Args:
        replicas: at least 1.
        numbers: of the sum, which every replica has its part of.

    Reference:
        Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms for clusters of
        workstations", section 3: 2 (R − 1) / R of the sum.
    """
    return 2 * (replicas - 1) / replicas * numbers * NUMBER_BYTES


def sent_by_gather(replicas: int, rows: int, size: int) -> float:
    """Returns the bytes that each replica sends in `gather_rows`.

    It adds up all rows, zeros in the place of the others', and so sends twice what an all-gather
    would.

    Args:
        replicas: at least 1.
        rows: of all replicas together.
        size: numbers of a row.
    """
    return sent_by_all_reduce(replicas, rows * size)


def loopback_bytes() -> int:
    """Returns the bytes that have gone over the loopback device since the machine started.

    Raises:
        OSError: where the kernel does not count them.
    """
    for line in _DEVICES.read_text(encoding="ascii").splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == "lo":
            # Eight columns of what came in, then those of what went out.
            return int(counts.split()[8])
    raise OSError(f"{_DEVICES} has no loopback device")
