"""Why a service gives no answer to a request that has no fault of its own."""

from __future__ import annotations


class Overloaded(RuntimeError):
    """As many requests as are allowed are in hand already."""


class TookTooLong(RuntimeError):
    """A request was not answered within its time limit."""


class EmbeddingFailed(RuntimeError):
    """The encoder gave no embedding of a picture; the text says why."""
