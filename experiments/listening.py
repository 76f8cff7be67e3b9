"""Where a script listens for requests, and which of them it may answer."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping

from simclr_tf.checks import check_between

_LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]"))


def open_port(host: str, port: int) -> socket.socket:
    """Returns a socket that listens there.

    Raises:
        ValueError: There is no such port, it is taken, or the address is not of this machine.
    """
    # Where it is larger, the system takes what is left of it modulo 65,536.
    check_between("port", port, 0, 65_535)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ValueError(
            f"`host` and `port` must be an address of this machine that is free ({error}). "
            f"Received: host={host!r}, port={port!r}"
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Returns the page's address as a browser takes it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_loopback(listener: socket.socket) -> bool:
    """Returns whether only this machine can reach the socket."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def allowed_hosts(listener: socket.socket) -> frozenset[str] | None:
    """Returns the names under which a socket may be asked, for `refused_host`; None for any."""
    return _LOOPBACK_NAMES if is_loopback(listener) else None


def refused_host(
    headers: Mapping[bytes, bytes], hosts: frozenset[str] | None
) -> tuple[int, str] | None:
    """Returns the status and the text that refuse a request from elsewhere; None if it may pass.

    A web site that makes its own name point at this machine is refused thereby, and so is what
    another web site has the browser send here.

    Args:
        headers: Of the request, their names in small letters.
        hosts: See `allowed_hosts`.
    """
    if hosts is None:
        return None
    host = headers.get(b"host", b"").lower()
    if re.sub(rb":\d+$", b"", host).decode("latin-1") not in hosts:
        return 421, "Nothing is served under that name."
    if headers.get(b"origin", b"http://" + host).lower() != b"http://" + host:
        return 403, "What other web pages send is refused."
    return None
