"""What stands before Gradio: only the addresses that the page needs, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from experiments.listening import refused_host

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# Gradio can serve files, forward requests and more. This page does without: pictures stand in
# its HTML, so none of those addresses is left open.
_GET = re.compile(
    r"/|/config/?|/theme\.css|/favicon\.ico|/manifest\.json|/(assets|static)/[\w./-]+"
    r"|/gradio_api/(app_id|info|startup-events|queue/data|upload_progress|heartbeat/\w+)"
)
_POST = re.compile(r"/gradio_api/(upload|queue/join|cancel|reset)/?")
_LARGEST_REQUEST = 1_000_000
# What multipart/form-data adds to a file.
_FORM_BYTES = 10_000

# The browser asks no other host for anything, whatever Gradio's page names.
_HEADERS = {
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        b"style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        b"connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        b"frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


class Guard:
    """Passes on what the page needs and answers everything else itself.

    Args:
        app: The application behind it.
        hosts: Names under which the page may be asked for, see `refused_host`; None for any.
        max_upload_bytes: Largest picture in bytes.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        hosts: frozenset[str] | None,
        max_upload_bytes: int,
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, see the ASGI specification."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refused = self.refusal(scope)
        if refused is None:
            await self.app(scope, receive, _with_headers(send))
            return
        status, text = refused
        headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Returns the status and the text that refuse a request; None where it may pass."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        from_elsewhere = refused_host(headers, self.hosts)
        if from_elsewhere is not None:
            return from_elsewhere
        path, method = scope["path"], scope["method"]
        if method in ("GET", "HEAD"):
            known = _GET.fullmatch(path) and ".." not in path
            return None if known else (404, "There is no such page.")
        if method != "POST" or not _POST.fullmatch(path):
            return 404, "There is no such page."
        length = headers.get(b"content-length", b"")
        if not length.isdigit():
            return 411, "The length of the request must be given."
        is_upload = path.rstrip("/").endswith("/upload")
        largest = self.max_upload_bytes + _FORM_BYTES if is_upload else _LARGEST_REQUEST
        return None if int(length) <= largest else (413, "The file is too large.")


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", [])
            others = [pair for pair in own if pair[0].lower() not in _HEADERS]
            message = {**message, "headers": [*others, *_HEADERS.items()]}
        await send(message)

    return send_with_headers
