"""POST /search: a picture file to the most similar pictures of the gallery."""

from __future__ import annotations

import json
from typing import Annotated

import fastapi
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from experiments.serving.errors import PICTURE_ERRORS
from experiments.serving.picture_request import PICTURE_BODY, read_picture, read_region
from simclr_tf.protocols.serving.picture_service import PictureService
from simclr_tf.retrieval import FoundPicture


class Neighbour(BaseModel):
    """A picture of the gallery: path below its folder, class if any, cosine with the query."""

    path: str
    label: str | None
    score: float


class SearchAnswer(BaseModel):
    """The neighbours, the most similar first."""

    neighbours: list[Neighbour]
    encoder: str


def search_router(service: PictureService) -> fastapi.APIRouter:
    """Returns the address."""
    router = fastapi.APIRouter()

    @router.post(
        "/search",
        responses={200: {"model": SearchAnswer}, **PICTURE_ERRORS},
        openapi_extra=PICTURE_BODY,
    )
    async def search(
        request: fastapi.Request,
        k: int = 5,
        class_names: Annotated[list[str] | None, fastapi.Query()] = None,
        region: str | None = None,
    ) -> fastapi.Response:
        """Finds the `k` pictures most similar to the file in the body, or to its `region`.

        `class_names`, given once for each class, narrows the search to them.
        """
        if service.gallery is None:
            raise HTTPException(404, "Nothing can be searched: serve.py was started without index.")
        part = read_region(region)

        async def work() -> list[FoundPicture]:
            content = await read_picture(request, service.limits)
            return await service.search(content, k, region=part, class_names=class_names or ())

        found = await service.answer(work)
        neighbours = [
            {"path": one.id, "label": one.class_name or None, "score": one.score} for one in found
        ]
        # A path that is not UTF-8 can be told in escapes only.
        content = json.dumps({"neighbours": neighbours, "encoder": service.encoder})
        return fastapi.Response(content, media_type="application/json")

    return router
