"""POST /detect: a drawing's picture file to the symbols on it."""

from __future__ import annotations

import json

import fastapi
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from experiments.serving.errors import PICTURE_ERRORS
from experiments.serving.picture_request import PICTURE_BODY, read_picture
from simclr_tf.checks import check_between
from simclr_tf.protocols.serving.picture_service import PictureService
from simclr_tf.protocols.serving.symbol_finder import FoundOnPage, SymbolFinder


class FoundSymbol(BaseModel):
    """A symbol: `[x_min, y_min, x_max, y_max]` in pixels of the page, class, score from 0 to 1."""

    box: list[float]
    label: str
    score: float


class DetectAnswer(BaseModel):
    """The symbols, the surest first, and the size of the page in pixels."""

    symbols: list[FoundSymbol]
    width: int
    height: int


def detect_router(service: PictureService, finder: SymbolFinder | None) -> fastapi.APIRouter:
    """Returns the address.

    Args:
        service: Whose places and time limit a request takes.
        finder: What answers; None where no symbols are known.
    """
    router = fastapi.APIRouter()

    @router.post(
        "/detect",
        responses={200: {"model": DetectAnswer}, **PICTURE_ERRORS},
        openapi_extra=PICTURE_BODY,
    )
    async def detect(request: fastapi.Request, least_score: float = 0.0) -> fastapi.Response:
        """Finds the symbols on the page in the body whose score is at least `least_score`."""
        if finder is None:
            raise HTTPException(
                404,
                "No symbols can be found: serve.py was started without gallery and without "
                "train_drawings.",
            )
        check_between("least_score", least_score, 0, 1)

        async def work() -> FoundOnPage:
            return await finder.find(await read_picture(request, finder.limits))

        found = await service.answer(work)
        symbols = [
            {"box": box, "label": finder.class_names[label], "score": score}
            for box, label, score in zip(*(part.tolist() for part in found.detections), strict=True)
            if score >= least_score
        ]
        answer = {"symbols": symbols, "width": found.width, "height": found.height}
        # The name of a class that is not UTF-8 can be told in escapes only.
        return fastapi.Response(json.dumps(answer), media_type="application/json")

    return router
