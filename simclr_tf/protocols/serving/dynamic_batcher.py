"""Pictures that many threads hand in one by one, computed in batches of few shapes."""

from __future__ import annotations

import collections
import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class _Waiting:
    picture: np.ndarray
    future: Future[np.ndarray]
    since: float


class DynamicBatcher:
    """Computes a row for each picture, together for those that come at the same time.

    A batch is computed when `max_batch` pictures wait, or the oldest has waited `max_wait`
    seconds; what comes while one is computed waits for the next. Batches are filled up to the
    sizes of `batch_sizes`, so that a network sees few shapes. When a batch of several fails, each
    of its pictures is computed alone, so that one that cannot be computed spoils no other.

    How many pictures wait is for the caller to bound.

    Args:
        compute: From pictures `[n, ...]` to rows `[n, d]`; only ever called by one thread.
        max_batch: Most pictures in a batch, at least 1.
        max_wait: Seconds that a picture waits for others, at least 0.

    Attributes:
        num_batches: Batches computed so far.
        num_pictures: Pictures in them, without those that fill up.

    Reference:
        Olston et al. 2017, "TensorFlow-Serving: Flexible, High-Performance ML Serving",
        "Inter-Request Batching".
    """

    def __init__(
        self, compute: Callable[[np.ndarray], np.ndarray], max_batch: int, max_wait: float
    ) -> None:
        self.max_batch = max_batch
        self.max_wait = max_wait
        self.num_batches = 0
        self.num_pictures = 0
        self._compute = compute
        self._waiting: collections.deque[_Waiting] = collections.deque()
        self._changed = threading.Condition()
        self._closed = False
        # Its futures keep whatever `compute` raises, so that nothing ends the thread of batches.
        self._computer = ThreadPoolExecutor(1, thread_name_prefix="compute_batch")
        self._thread = threading.Thread(target=self._run, name="collect_batches", daemon=True)
        self._thread.start()

    def submit(self, picture: np.ndarray) -> Future[np.ndarray]:
        """Hands in a picture; cancelled before its batch is begun, it is never computed.

        Args:
            picture: Of the same shape and type as all others.

        Returns:
            What becomes its row `[d]`, or the error that `compute` raised for it alone.

        Raises:
            RuntimeError: The batcher is closed.
        """
        future: Future[np.ndarray] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("The batcher is closed.")
            self._waiting.append(_Waiting(picture, future, time.monotonic()))
            # The thread sleeps on unless this picture begins a batch or completes it.
            if len(self._waiting) in (1, self.max_batch):
                self._changed.notify()
        return future

    def close(self) -> None:
        """Waits for the batch that is computed, and cancels every picture that waits."""
        with self._changed:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for one in left:
            one.future.cancel()
        self._thread.join()
        self._computer.shutdown()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            self._answer(batch)

    def _next_batch(self) -> list[_Waiting] | None:
        """Returns pictures whose batch begins now, maybe none; None once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._closed:
                left = self._waiting[0].since + self.max_wait - time.monotonic()
                self._changed.wait_for(self._is_full_or_closed, max(0.0, left))
            if self._closed:
                return None
            batch: list[_Waiting] = []
            while self._waiting and len(batch) < self.max_batch:
                one = self._waiting.popleft()
                if one.future.set_running_or_notify_cancel():
                    batch.append(one)
            return batch

    def _is_full_or_closed(self) -> bool:
        return len(self._waiting) >= self.max_batch or self._closed

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        outcome = self._computer.submit(self._compute, self._filled_up(batch))
        error = outcome.exception()
        if error is None:
            self.num_batches += 1
            self.num_pictures += len(batch)
            for one, row in zip(batch, outcome.result(), strict=False):
                one.future.set_result(row)
        elif len(batch) == 1:
            batch[0].future.set_exception(error)
        else:
            for one in batch:
                self._answer([one])

    def _filled_up(self, batch: Sequence[_Waiting]) -> np.ndarray:
        size = next(size for size in batch_sizes(self.max_batch) if size >= len(batch))
        pictures = [one.picture for one in batch]
        # Repeated rather than black: a network may give no finite number for a blank picture.
        return np.stack(pictures + pictures[-1:] * (size - len(batch)))


def batch_sizes(max_batch: int) -> tuple[int, ...]:
    """Returns the sizes that batches have: the powers of two below `max_batch`, and itself."""
    return (*(1 << power for power in range((max_batch - 1).bit_length())), max_batch)
