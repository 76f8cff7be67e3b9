"""Argument checks: one phrasing for every error.

Every message names the argument in backticks, says what is accepted and ends with
what was received, so that a person can mend a command from the message alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def check_positive(name: str, value: float) -> None:
    """Raises `ValueError` unless `value` is greater than 0."""
    if not value > 0:
        raise ValueError(f"`{name}` must be greater than 0. Received: {name}={value!r}")


def check_at_least(name: str, value: float, minimum: float) -> None:
    """Raises `ValueError` unless `value` is at least `minimum`."""
    if not value >= minimum:
        raise ValueError(f"`{name}` must be at least {minimum}. Received: {name}={value!r}")


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Raises `ValueError` unless `low <= value <= high`."""
    if not low <= value <= high:
        raise ValueError(f"`{name}` must be between {low} and {high}. Received: {name}={value!r}")


def check_range(name: str, value: Iterable[float], low: float, high: float) -> tuple[float, float]:
    """Returns `value` as `(start, end)`; raises unless `low <= start <= end <= high`."""
    bounds = tuple(float(bound) for bound in value)
    if len(bounds) != 2 or not low <= bounds[0] <= bounds[1] <= high:
        raise ValueError(
            f"`{name}` must be two numbers (start, end) with {low} <= start <= end <= {high}. "
            f"Received: {name}={value!r}"
        )
    return bounds[0], bounds[1]


def check_one_of(name: str, value: Any, accepted: Iterable[Any]) -> None:
    """Raises `ValueError` listing the accepted values unless `value` is one of them."""
    accepted = list(accepted)
    if value not in accepted:
        listed = ", ".join(str(choice) for choice in accepted)
        raise ValueError(f"`{name}` must be one of: {listed}. Received: {name}={value!r}")
