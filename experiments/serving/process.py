"""serve.py in a process of its own, for as long as it is needed."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_SECONDS_TO_END = 60


@contextlib.contextmanager
def running_service(arguments: Sequence[str]) -> Iterator[str]:
    """Starts serve.py on a free port and gives its address once it answers; ends it with SIGTERM.

    Args:
        arguments: Flags of serve.py, without `--port`.

    Raises:
        ValueError: It does not start.
        RuntimeError: It does not end as it should.
    """
    command = [sys.executable, os.fspath(_ROOT / "experiments/serve.py"), "--port=0", *arguments]
    path = os.pathsep.join(filter(None, (os.fspath(_ROOT), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            if "Serving " not in line:
                raise ValueError("serve.py did not start; what it printed tells why.")
            yield line.partition("Serving ")[2].split(" ")[0]
            process.send_signal(signal.SIGTERM)
            status = process.wait(_SECONDS_TO_END)
            if status != 128 + signal.SIGTERM:
                raise RuntimeError(f"serve.py ended with status {status} after SIGTERM.")
        finally:
            process.kill()
