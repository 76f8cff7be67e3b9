"""Everything that goes wrong as one readable sentence in JSON, `{"error": ...}`."""

from __future__ import annotations

from collections.abc import Mapping

import fastapi
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from simclr_tf.data.unreadable import PictureTooLarge, UnreadablePicture
from simclr_tf.protocols.serving.refusals import EmbeddingFailed, Overloaded, TookTooLong

# The most particular class of an error decides.
_STATUS: dict[type[Exception], int] = {
    PictureTooLarge: 413,
    UnreadablePicture: 422,
    ValueError: 422,
    Overloaded: 503,
    TookTooLong: 504,
    EmbeddingFailed: 500,
    # Nobody is there to read the answer.
    ClientDisconnect: 400,
}


class ErrorAnswer(BaseModel):
    """The body of an answer that is not 200."""

    error: str


# For the description of every address that takes a picture.
PICTURE_ERRORS: dict[int | str, dict] = {
    413: {"model": ErrorAnswer, "description": "More bytes or pixels than are accepted"},
    415: {"model": ErrorAnswer, "description": "The picture came in a form"},
    422: {"model": ErrorAnswer, "description": "Not a picture, or an argument is not accepted"},
    503: {"model": ErrorAnswer, "description": "Too many requests are in hand"},
    504: {"model": ErrorAnswer, "description": "It took too long"},
}


def error_response(
    status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Returns the answer that tells an error.

    Args:
        status: Of HTTP.
        sentence: What is wrong, for a person.
        headers: Further ones.
    """
    # The name of a file or class may hold what is not UTF-8.
    text = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
    return JSONResponse({"error": text}, status, dict(headers or {}))


def answer_errors(application: fastapi.FastAPI) -> None:
    """Makes the application answer every error with one sentence, and no traceback."""
    for kind in _STATUS:
        application.add_exception_handler(kind, _known)
    application.add_exception_handler(RequestValidationError, _wrong_argument)
    application.add_exception_handler(HTTPException, _no_address)
    # The server still writes the traceback to its own standard error.
    application.add_exception_handler(Exception, _unknown)


async def _known(request: fastapi.Request, error: Exception) -> JSONResponse:
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    text = str(error) or "The request was broken off."
    if isinstance(error, UnreadablePicture):
        text = f"The picture is not accepted: {text}."
    return error_response(status, text, {"Retry-After": "1"} if status == 503 else None)


async def _wrong_argument(request: fastapi.Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    reason = first["msg"][:1].lower() + first["msg"][1:]
    return error_response(422, f"`{first['loc'][-1]}` is not accepted: {reason}.")


async def _no_address(request: fastapi.Request, error: HTTPException) -> JSONResponse:
    text = error.detail
    if error.status_code == 404 and text == "Not Found":
        text = "There is no such address; /openapi.json lists those that there are."
    elif error.status_code == 405:
        text = f"This address does not take {request.method}."
    return error_response(error.status_code, text, error.headers)


async def _unknown(request: fastapi.Request, error: Exception) -> JSONResponse:
    return error_response(500, "The request failed; what the server printed tells why.")
