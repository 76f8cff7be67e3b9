"""Many clients that ask one service again and again, and what they had to wait for."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import json
import time
import urllib.parse
from collections.abc import Sequence

import numpy as np

# Unpacking every answer would take the time away from the service on the same machine.
_CHECKED_EVERY = 25
_LARGEST_DIFFERENCE = 1e-3


@dataclasses.dataclass(frozen=True)
class LoadReport:
    """What clients met within a time.

    Attributes:
        requests: Right answers.
        errors: Everything else by kind: a status, a broken connection or a wrong answer.
        requests_per_second: Right answers.
        p50_ms: Median of the time from a request to its answer in milliseconds.
        p99_ms: 99th percentile of it.
        max_ms: Longest.
        mean_batch: Pictures that went through the encoder together; None for other addresses.
    """

    requests: int
    errors: dict[str, int]
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    mean_batch: float | None


def measure_load(
    address: str, pictures: Sequence[bytes], clients: int, seconds: float
) -> LoadReport:
    """Asks for embeddings with so many clients at once, each as soon as it has its answer.

    A part of the answers is compared with those that the service gave while it was alone with
    one client.

    Args:
        address: Of the service, `http://127.0.0.1:8000/`.
        pictures: Contents of picture files, sent in turn; at least one.
        clients: How many, at least 1; each has a connection of its own.
        seconds: How long new requests are sent.

    Raises:
        OSError: The service is not there.
    """
    return asyncio.run(_measure(address, pictures, clients, seconds))


async def _measure(
    address: str, pictures: Sequence[bytes], clients: int, seconds: float
) -> LoadReport:
    place = urllib.parse.urlsplit(address)
    host, port = place.hostname or "127.0.0.1", place.port or 80
    requests = [_request("POST", "/embed", f"{host}:{port}", content) for content in pictures]
    health = _request("GET", "/health", f"{host}:{port}", b"")
    alone = _Client(host, port)
    expected = [_embedding(await alone.ask(request)) for request in requests]
    before = json.loads((await alone.ask(health))[1])
    # The service closes a connection that is silent for seconds.
    await alone.close()
    load = _Load(requests, expected, time.perf_counter() + seconds)
    start = time.perf_counter()
    await asyncio.gather(*(load.run(_Client(host, port), first) for first in range(clients)))
    duration = time.perf_counter() - start
    after = json.loads((await alone.ask(health))[1])
    await alone.close()
    batches = after["batches"] - before["batches"]
    embedded = after["pictures_embedded"] - before["pictures_embedded"]
    waited = np.array(load.seconds or [np.nan]) * 1000
    return LoadReport(
        requests=len(load.seconds),
        errors=dict(load.errors),
        requests_per_second=len(load.seconds) / duration,
        p50_ms=float(np.percentile(waited, 50)),
        p99_ms=float(np.percentile(waited, 99)),
        max_ms=float(waited.max()),
        mean_batch=embedded / batches if batches else None,
    )


class _Load:
    """Clients that share one count."""

    def __init__(
        self, requests: Sequence[bytes], expected: Sequence[np.ndarray], until: float
    ) -> None:
        self.requests, self.expected, self.until = requests, expected, until
        self.seconds: list[float] = []
        self.errors: collections.Counter[str] = collections.Counter()

    async def run(self, client: _Client, first: int) -> None:
        turn = first
        while (start := time.perf_counter()) < self.until:
            number = turn % len(self.requests)
            turn += 1
            try:
                status, body = await client.ask(self.requests[number])
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                self.errors[type(error).__name__] += 1
                await client.close()
                continue
            duration = time.perf_counter() - start
            if status != 200:
                self.errors[str(status)] += 1
            elif turn % _CHECKED_EVERY == 0 and not self._is_right(body, number):
                self.errors["wrong answer"] += 1
            else:
                self.seconds.append(duration)
        await client.close()

    def _is_right(self, body: bytes, number: int) -> bool:
        embedding = np.array(json.loads(body)["embedding"])
        return bool(np.abs(embedding - self.expected[number]).max() < _LARGEST_DIFFERENCE)


class _Client:
    """One connection that is kept open; HTTP by hand, which takes a tenth of a library's time."""

    def __init__(self, host: str, port: int) -> None:
        self._place = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Returns status and body of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return int(head.split(b" ", 2)[1]), await reader.readexactly(length)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _request(method: str, path: str, host: str, content: bytes) -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/jpeg\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _embedding(answer: tuple[int, bytes]) -> np.ndarray:
    status, body = answer
    if status != 200:
        raise ValueError(f"The service must answer a picture alone. Received: {body.decode()}")
    return np.array(json.loads(body)["embedding"])
