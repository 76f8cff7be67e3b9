"""What stands before the application: only requests that mean this machine."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from experiments.listening import refused_host
from experiments.serving.errors import error_response


class HostCheck:
    """Passes on what is asked under an allowed name, and no web sockets.

    Args:
        app: The application behind it.
        hosts: The names, see `refused_host`; None for any.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, see the ASGI specification."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        refused = None
        if scope["type"] == "http":
            refused = refused_host(dict(scope["headers"]), self.hosts)
        if refused is None:
            await self.app(scope, receive, send)
        else:
            await error_response(*refused)(scope, receive, send)
