"""One process at a time in a folder."""

from __future__ import annotations

import fcntl
import os
import pathlib
import socket

_LONGEST_NAME = 300


def lock_folder(folder: pathlib.Path, argument: str = "run_dir") -> int:
    """Locks `folder` for this process and returns the lock: close it to release the folder.

    The kernel drops the lock with the last process that has it open, so that a crash never leaves
    one behind, and a child that inherits it keeps the folder after a crash of its parent.

    Args:
        folder: Made where it does not exist; the lock is its file `.lock`, which says who has it.
        argument: What errors call the folder.

    Returns:
        An open file descriptor, not inheritable.

    Raises:
        ValueError: If `folder` cannot be written, or another process has it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ValueError(
            f"`{argument}` must be a folder that can be written ({error.strerror}). "
            f"Received: {os.fspath(folder)!r}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, _LONGEST_NAME, 0).decode("utf-8", "replace").strip()
        os.close(lock)
        known = f" ({holder})" if holder else ""
        raise ValueError(
            f"`{argument}` is in use by another process{known}: wait for it or stop it. "
            f"Received: {os.fspath(folder)!r}"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return lock
