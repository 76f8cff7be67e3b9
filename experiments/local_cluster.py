"""Several processes of this machine as the workers of one cluster."""

from __future__ import annotations

import contextlib
import json
import socket


def local_configs(count: int) -> list[str]:
    """Returns the TF_CONFIG of each of `count` workers, on ports that are free now."""
    with contextlib.ExitStack() as stack:
        # All at once, so that they differ.
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for own in sockets:
            own.bind(("127.0.0.1", 0))
        addresses = [f"127.0.0.1:{own.getsockname()[1]}" for own in sockets]
    return [
        json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
        for index in range(count)
    ]
