"""A fault in an annotation, and where it stands."""

from __future__ import annotations

import os


class AnnotationError(ValueError):
    """An annotation that cannot be used; the text begins with file and line.

    Args:
        file: The file of annotations.
        line: The line, from 1; None when the whole file is meant.
        reason: What is wrong, without a full stop.
    """

    def __init__(self, file: str | os.PathLike[str], line: int | None, reason: str) -> None:
        place = os.fspath(file) if line is None else f"{os.fspath(file)}:{line}"
        super().__init__(f"{place}: {reason}")
        self.file = os.fspath(file)
        self.line = line
        self.reason = reason


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Returns the content of a file of annotations.

    Raises:
        AnnotationError: The file cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise AnnotationError(path, None, error.strerror or str(error)) from error


def read_text(path: str | os.PathLike[str]) -> str:
    """Returns the text of a file of annotations, which is UTF-8 with or without a byte-order mark.

    Raises:
        AnnotationError: The file cannot be read, or is not UTF-8.
    """
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AnnotationError(path, line, "not UTF-8 text") from error
