"""Why a picture is not decoded."""

from __future__ import annotations


class UnreadablePicture(ValueError):  # noqa: N818 (the state of the picture, not a fault)
    """A picture that cannot be decoded; the text is the reason."""


class PictureTooLarge(UnreadablePicture):
    """A picture that is not decoded because of its size; the text says which limit it exceeds."""
