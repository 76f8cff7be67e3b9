"""What every address that takes a picture reads of a request."""

from __future__ import annotations

import fastapi
from starlette.exceptions import HTTPException

from simclr_tf.data.region import Region, check_region
from simclr_tf.data.unreadable import PictureTooLarge
from simclr_tf.protocols.upload_limits import UploadLimits

# For the description of the address: the body is the file as it is.
PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "description": "A picture file: JPEG, PNG, BMP, GIF, WebP or TIFF",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def read_picture(request: fastapi.Request, limits: UploadLimits) -> bytes:
    """Returns the body of a request, which is the content of a picture file.

    Args:
        request: The request.
        limits: What is accepted; a longer body is not read on.

    Raises:
        HTTPException: The body is a form.
        PictureTooLarge: It is longer.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise HTTPException(
            415, "Send the picture file as the body (curl --data-binary @picture.jpg), not a form."
        )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limits.max_bytes:
        raise _too_large(limits)
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limits.max_bytes:
            raise _too_large(limits)
    return bytes(content)


def read_region(text: str | None) -> Region | None:
    """Returns the part of a picture that an argument names, left,top,right,bottom.

    Raises:
        ValueError: It names none.
    """
    if text is None:
        return None
    try:
        left, top, right, bottom = (float(number) for number in text.split(","))
    except ValueError as error:
        raise ValueError(
            "`region` must be left,top,right,bottom in fractions of the picture, such as "
            f"0,0,0.5,1. Received: region={text!r}"
        ) from error
    check_region((left, top, right, bottom))
    return left, top, right, bottom


def _too_large(limits: UploadLimits) -> PictureTooLarge:
    return PictureTooLarge(f"more than the accepted {limits.max_megabytes:g} MB")
