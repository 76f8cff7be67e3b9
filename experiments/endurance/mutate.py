"""Changes to the bytes of a file: those that disks and people make, and worse ones."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TOKENS = (
    b"-1",
    b"0",
    b"1e400",
    b"-1e400",
    b"NaN",
    b"9" * 400,
    b"9" * 5000,
    b"0.5",
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"[" * 3000,
    b'"../../../../etc/passwd"',
    b'"/etc/passwd"',
    b'"\\u0000"',
    b'"\\ud800"',
    b"\xff\xfe",
    b"\x00",
    b"&lol;",
    b"<![CDATA[",
    b"<!ENTITY a 'a'>",
    b"*a",
    b"&a [*a, *a]",
    b"\r\n",
    b"\n\n",
    b",",
)
_WORD = re.compile(rb'"[^"\n]{0,80}"|-?[0-9][0-9.eE+-]*|[A-Za-z_]+')


def mutated(content: bytes, is_text: bool, generator: np.random.Generator) -> bytes:
    """Returns `content` after one to four random changes.

    Args:
        content: bytes of a good file.
        is_text: whether words of it may be replaced as well.
        generator: decides what is changed.
    """
    mutations: tuple[Mutation, ...] = (*_OF_BYTES, *(_OF_TEXT if is_text else ()))
    changed = content
    for _ in range(int(generator.choice([1, 1, 1, 2, 2, 4]))):
        changed = mutations[int(generator.integers(len(mutations)))](changed, generator)
    return changed


def with_changed_member(content: bytes, is_text: bool, generator: np.random.Generator) -> bytes:
    """Returns a ZIP archive after changes to one of its members, with the right checksums.

    Args:
        content: bytes of a good archive.
        is_text: not used: JSON is known by its name, and headers of arrays are texts.
        generator: decides what is changed.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(members)[int(generator.integers(len(members)))]
    is_json = name.endswith(".json")
    member = members[name]
    # The header of an array: its shape and type.
    head = len(member) if is_json else member.find(b"\n") + 1
    members[name] = mutated(member[:head], True, generator) + member[head:]
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return changed.getvalue()


def _span(content: bytes, generator: np.random.Generator) -> tuple[int, int]:
    """A random part, mostly short."""
    start = int(generator.integers(len(content) + 1))
    length = int(min(len(content), 2 ** generator.uniform(0, 10)))
    return start, min(len(content), start + length)


def _flip_bit(content: bytes, generator: np.random.Generator) -> bytes:
    return _with_byte(content, generator, lambda byte: byte ^ (1 << int(generator.integers(8))))


def _set_byte(content: bytes, generator: np.random.Generator) -> bytes:
    return _with_byte(content, generator, lambda byte: int(generator.integers(256)))


def _with_byte(
    content: bytes, generator: np.random.Generator, change: Callable[[int], int]
) -> bytes:
    if not content:
        return content
    place = int(generator.integers(len(content)))
    return content[:place] + bytes([change(content[place])]) + content[place + 1 :]


def _set_number(content: bytes, generator: np.random.Generator) -> bytes:
    size = int(generator.choice([1, 2, 4, 8]))
    number = int(generator.choice(_NUMBERS)) & (256**size - 1)
    order = "little" if generator.random() < 0.5 else "big"
    place = int(generator.integers(len(content) + 1))
    return content[:place] + number.to_bytes(size, order) + content[place + size :]


def _truncate(content: bytes, generator: np.random.Generator) -> bytes:
    return content[: int(generator.integers(len(content) + 1))]


def _delete(content: bytes, generator: np.random.Generator) -> bytes:
    start, stop = _span(content, generator)
    return content[:start] + content[stop:]


def _repeat(content: bytes, generator: np.random.Generator) -> bytes:
    start, stop = _span(content, generator)
    times = int(generator.choice([1, 1, 2, 50]))
    return content[:stop] + content[start:stop] * times + content[stop:]


def _move(content: bytes, generator: np.random.Generator) -> bytes:
    start, stop = _span(content, generator)
    rest = content[:start] + content[stop:]
    place = int(generator.integers(len(rest) + 1))
    return rest[:place] + content[start:stop] + rest[place:]


def _insert_noise(content: bytes, generator: np.random.Generator) -> bytes:
    place, stop = _span(content, generator)
    return content[:place] + generator.bytes(stop - place) + content[place:]


def _overwrite_with_zeros(content: bytes, generator: np.random.Generator) -> bytes:
    start, stop = _span(content, generator)
    return content[:start] + bytes(stop - start) + content[stop:]


def _append_noise(content: bytes, generator: np.random.Generator) -> bytes:
    return content + generator.bytes(int(generator.integers(1, 200)))


def _replace_word(content: bytes, generator: np.random.Generator) -> bytes:
    words = list(_WORD.finditer(content))
    if not words:
        return content
    word = words[int(generator.integers(len(words)))]
    return content[: word.start()] + _token(generator) + content[word.end() :]


def _swap_words(content: bytes, generator: np.random.Generator) -> bytes:
    words = list(_WORD.finditer(content))
    if len(words) < 2:
        return content
    first, second = sorted(generator.choice(len(words), 2, replace=False))
    a, b = words[first], words[second]
    middle = content[a.end() : b.start()]
    return content[: a.start()] + b.group() + middle + a.group() + content[b.end() :]


def _insert_token(content: bytes, generator: np.random.Generator) -> bytes:
    place = int(generator.integers(len(content) + 1))
    return content[:place] + _token(generator) + content[place:]


def _token(generator: np.random.Generator) -> bytes:
    return _TOKENS[int(generator.integers(len(_TOKENS)))]


_OF_BYTES: tuple[Mutation, ...] = (
    _flip_bit,
    _set_byte,
    _set_number,
    _truncate,
    _delete,
    _repeat,
    _move,
    _insert_noise,
    _overwrite_with_zeros,
    _append_noise,
)
# Words count twice: random bytes seldom make a text that is read to its end.
_OF_TEXT: tuple[Mutation, ...] = (_replace_word, _replace_word, _swap_words, _insert_token)
