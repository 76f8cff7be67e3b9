"""The memory of this process, as Linux counts it."""

from __future__ import annotations

import pathlib
import resource
from collections.abc import Callable

MEBIBYTE = 1 << 20
_STATUS = pathlib.Path("/proc/self/status")
_CLEAR = pathlib.Path("/proc/self/clear_refs")
_MEMINFO = pathlib.Path("/proc/meminfo")
# Left for everybody else.
_USED_SHARE = 0.85


def peak_above_now(work: Callable[[], object]) -> float:
    """Returns by how many MiB the process grew at most while it did `work`.

    Raises:
        OSError: where there is no /proc that counts it.
    """
    before = _kibibytes(_STATUS, "VmRSS") / 1024
    return peak(work) - before


def peak(work: Callable[[], object]) -> float:
    """Returns how many MiB the process held at most while it did `work`.

    Raises:
        OSError: where there is no /proc that counts it.
    """
    # 5 sets the peak back to what is resident now.
    _CLEAR.write_text("5", encoding="ascii")
    work()
    return _kibibytes(_STATUS, "VmHWM") / 1024


def own_memory() -> float:
    """Returns the resident memory of the process in MiB, without the pages of mapped files.

    Raises:
        OSError: where there is no /proc that counts it.
    """
    return _kibibytes(_STATUS, "RssAnon") / 1024


def limit_to_free_memory() -> None:
    """Lets this process fail, rather than the machine, when it asks for more than there is."""
    if _MEMINFO.is_file():
        limit = int(_USED_SHARE * 1024 * _kibibytes(_MEMINFO, "MemAvailable"))
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _kibibytes(path: pathlib.Path, name: str) -> int:
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise OSError(f"{path} has no {name}")
