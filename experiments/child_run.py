"""A command in a process of its own, which ends when it is told to and says why it failed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

# What a signal to this process becomes for the child; a closed terminal is no reason to lose work.
_PASSED_ON = {
    signal.SIGINT: signal.SIGINT,
    signal.SIGTERM: signal.SIGTERM,
    signal.SIGHUP: signal.SIGTERM,
}
_KEPT_BYTES = 16_384
_LONGEST_REASON = 500


def run_child(command: Sequence[str], keep_open: int) -> str | None:
    """Runs a command to its end and returns why it failed, or None.

    What it writes to standard error is passed on as it comes; standard output is dropped. The
    child belongs to a session of its own, so that Ctrl-C reaches it once: passed on from here,
    as SIGTERM and a closed terminal are, and then waited for.

    Args:
        command: the program and its arguments.
        keep_open: file descriptor that the child inherits.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once the child has ended.
        SystemExit: after SIGTERM or SIGHUP likewise, with status 128 + the signal's number.
    """
    received: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number, frame):
        received.append(number)
        for child in children:
            child.send_signal(_PASSED_ON[number])

    previous = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(keep_open,),
            start_new_session=True,
        )
        children.append(child)
        if received:
            # It came while the child was being started.
            child.send_signal(_PASSED_ON[received[-1]])
        with child:
            written = _pass_on_errors(child.stderr)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if received:
        if received[0] == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + received[0])
    return None if child.returncode == 0 else _reason(child.returncode, written)


def _pass_on_errors(pipe: IO[bytes] | None) -> str:
    """Copies a pipe to standard error until it is closed; returns its end."""
    written = b""
    while pipe is not None and (part := os.read(pipe.fileno(), _KEPT_BYTES)):
        sys.stderr.write(part.decode(errors="replace"))
        sys.stderr.flush()
        written = (written + part)[-_KEPT_BYTES:]
    return written.decode(errors="replace")


def _reason(status: int, written: str) -> str:
    lines = [line.strip() for line in re.split(r"[\r\n]+", written) if line.strip()]
    errors = [line for line in lines if line.startswith("Error: ")]
    if errors:
        return errors[-1].removeprefix("Error: ")[:_LONGEST_REASON]
    if status < 0:
        killed = f"killed by {signal.Signals(-status).name}"
        # The kernel ends a process so when there is no memory left.
        return killed + (", perhaps for want of memory" if status == -signal.SIGKILL else "")
    last = lines[-1][:_LONGEST_REASON] if lines else "it said nothing"
    return f"{last} (exit status {status})"
