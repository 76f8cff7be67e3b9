"""Work in a process of its own that begins where this one is, with everything imported.

Importing TensorFlow takes seconds, and a fork none. It is safe only as long as this process has
run nothing of TensorFlow: its threads would be missing in the child.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
import time
import traceback
from collections.abc import Callable

FAILED = 1


@dataclasses.dataclass(frozen=True)
class Ending:
    """How a child ended.

    Args:
        status: exit status; None where a signal ended it.
        signal: that signal; None where it ended by itself.
    """

    status: int | None
    signal: int | None


class Child:
    """A forked process; what it writes goes to a file.

    Args:
        work: what it does; an exception is written down and ends it with status 1.
        log: file for its standard output and error, appended to.
    """

    def __init__(self, work: Callable[[], None], log: pathlib.Path) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            _run(work, log)
        self._ending: Ending | None = None

    def wait(self, seconds: float | None = None) -> Ending | None:
        """Returns how it ended; None if it has not within `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        while self._ending is None:
            pid, status = os.waitpid(self.pid, 0 if end is None else os.WNOHANG)
            if pid:
                self._ending = _ending(status)
            elif end is not None and time.monotonic() >= end:
                return None
            else:
                time.sleep(0.002)
        return self._ending

    def kill(self) -> Ending:
        """Sends SIGKILL, if it has not ended yet, and returns how it ended."""
        if self._ending is None:
            os.kill(self.pid, signal.SIGKILL)
        ending = self.wait()
        return ending if ending is not None else Ending(None, signal.SIGKILL)

    def processor_seconds(self) -> float:
        """Returns the processor time that it has used; 0 once it has ended."""
        try:
            fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ending(status: int) -> Ending:
    if os.WIFSIGNALED(status):
        return Ending(None, os.WTERMSIG(status))
    return Ending(os.waitstatus_to_exitcode(status), None)


def _run(work: Callable[[], None], log: pathlib.Path) -> None:
    """Does the work and ends the process: nothing of the parent's may run after it."""
    status = FAILED
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        work()
        status = 0
    except BaseException:
        os.write(2, traceback.format_exc().encode(errors="replace"))
        raise
    finally:
        os._exit(status)
