"""GET /health: whether the service answers, with what, and how busy it is."""

from __future__ import annotations

import fastapi
from pydantic import BaseModel

from simclr_tf.protocols.serving.picture_service import PictureService


class HealthAnswer(BaseModel):
    """What is served; the counts are since the start."""

    status: str
    encoder: str
    dimension: int
    image_size: int
    gallery_pictures: int | None
    requests_in_hand: int
    batches: int
    pictures_embedded: int


def health_router(service: PictureService) -> fastapi.APIRouter:
    """Returns the address."""
    router = fastapi.APIRouter()

    @router.get("/health")
    async def health() -> HealthAnswer:
        """Tells what is served and how busy it is."""
        return HealthAnswer(
            status="ok",
            encoder=service.encoder,
            dimension=service.dimension,
            image_size=service.preparation.image_size,
            gallery_pictures=None if service.gallery is None else len(service.gallery.gallery),
            requests_in_hand=service.in_hand,
            batches=service.batches.num_batches,
            pictures_embedded=service.batches.num_pictures,
        )

    return router
