"""POST /embed: a picture file to its embedding."""

from __future__ import annotations

import fastapi
import numpy as np
import orjson
from pydantic import BaseModel

from experiments.serving.errors import PICTURE_ERRORS
from experiments.serving.picture_request import PICTURE_BODY, read_picture, read_region
from simclr_tf.protocols.serving.picture_service import PictureService


class EmbedAnswer(BaseModel):
    """An embedding: a unit vector, which only those of the same `encoder` compare with."""

    embedding: list[float]
    dimension: int
    encoder: str


def embed_router(service: PictureService) -> fastapi.APIRouter:
    """Returns the address."""
    router = fastapi.APIRouter()

    @router.post(
        "/embed",
        responses={200: {"model": EmbedAnswer}, **PICTURE_ERRORS},
        openapi_extra=PICTURE_BODY,
    )
    async def embed(request: fastapi.Request, region: str | None = None) -> fastapi.Response:
        """Embeds the picture file in the body, or the part `region`: left,top,right,bottom."""
        part = read_region(region)

        async def work() -> np.ndarray:
            return await service.embed(await read_picture(request, service.limits), part)

        embedding = await service.answer(work)
        answer = {"embedding": embedding, "dimension": len(embedding), "encoder": service.encoder}
        # Thousands of numbers a second: the standard library's JSON is too slow for them.
        content = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
        return fastapi.Response(content, media_type="application/json")

    return router
