"""Whether a picture that comes from outside may be decoded, known before it is."""

from __future__ import annotations

from simclr_tf.data.decode import picture_size
from simclr_tf.data.unreadable import PictureTooLarge
from simclr_tf.protocols.upload_limits import MEGA, UploadLimits


def check_upload(content: bytes, limits: UploadLimits) -> None:
    """Checks the content of an uploaded file against limits, by its length and its head alone.

    Args:
        content: Bytes of the file.
        limits: What is accepted.

    Raises:
        PictureTooLarge: It has more bytes or more pixels.
        UnreadablePicture: It is not a picture.
    """
    if len(content) > limits.max_bytes:
        raise PictureTooLarge(
            f"{len(content) / MEGA:.1f} MB, more than the accepted {limits.max_megabytes:g} MB"
        )
    width, height = picture_size(content)
    if width * height > limits.max_megapixels * MEGA:
        raise PictureTooLarge(
            f"{width} x {height} pixels, more than the accepted {limits.max_megapixels:g} million"
        )
