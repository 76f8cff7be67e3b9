"""How a service shares its encoder among requests: plain values, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between


@dataclasses.dataclass(frozen=True)
class ServingSettings:
    """How many requests are answered at once, and how long one may take.

    Attributes:
        max_batch: pictures that the encoder takes at once, at least 1; 1 turns batching off.
        max_wait_ms: how long a picture waits for others to share its batch, 0 to 1,000.
        max_queue: requests in hand at once, at least 1; further ones are answered with 503.
        max_seconds: time limit of a request, 0.001 to 3,600; then the answer is 504.
        max_neighbours: most neighbours that one search may ask for, at least 1.
        decode_threads: threads that decode pictures and search, at least 1.
    """

    max_batch: int = 64
    max_wait_ms: float = 2.0
    max_queue: int = 256
    max_seconds: float = 30.0
    max_neighbours: int = 1000
    decode_threads: int = 4

    def __post_init__(self) -> None:
        check_at_least("max_batch", self.max_batch, 1)
        check_between("max_wait_ms", self.max_wait_ms, 0, 1000)
        check_at_least("max_queue", self.max_queue, 1)
        check_between("max_seconds", self.max_seconds, 0.001, 3600)
        check_at_least("max_neighbours", self.max_neighbours, 1)
        check_at_least("decode_threads", self.decode_threads, 1)
