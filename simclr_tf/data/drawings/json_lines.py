"""On which lines of a JSON text the entries of a list begin."""

from __future__ import annotations

import json
import re

_SPACE = re.compile(r"\s*")


def lines_of_entries(text: str, key: str) -> list[int]:
    """Returns the line, from 1, where each entry of the top-level list `key` begins.

    Args:
        text: A valid JSON object.
        key: A key of the object whose value is a list.
    """
    decoder = json.JSONDecoder()

    def end_of_value(start: int) -> int:
        return _after_space(text, decoder.raw_decode(text, start)[1])

    place = _after_space(text, 0)
    found = None
    while found != key:
        # Past the opening brace, or the comma before a key; then past the colon.
        found, end = decoder.raw_decode(text, _after_space(text, place + 1))
        start = _after_space(text, _after_space(text, end) + 1)
        place = start if found == key else end_of_value(start)
    lines: list[int] = []
    line, counted = 1, 0
    while True:
        place = _after_space(text, place + 1)
        if text[place] == "]":
            return lines
        line, counted = line + text.count("\n", counted, place), place
        lines.append(line)
        place = end_of_value(place)
        if text[place] == "]":
            return lines


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place
