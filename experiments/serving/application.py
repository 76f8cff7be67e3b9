"""The addresses of the service, put together."""

from __future__ import annotations

from collections.abc import Callable

import fastapi

from experiments.serving.detect_route import detect_router
from experiments.serving.embed_route import embed_router
from experiments.serving.errors import answer_errors
from experiments.serving.health_route import health_router
from experiments.serving.host_check import HostCheck
from experiments.serving.search_route import search_router
from simclr_tf.protocols.serving.picture_service import PictureService
from simclr_tf.protocols.serving.symbol_finder import SymbolFinder

# Each makes the addresses of one task that needs the service alone.
_ROUTERS: tuple[Callable[[PictureService], fastapi.APIRouter], ...] = (
    health_router,
    embed_router,
    search_router,
)


def build_application(
    service: PictureService,
    hosts: frozenset[str] | None = None,
    finder: SymbolFinder | None = None,
) -> fastapi.FastAPI:
    """Returns the application.

    Args:
        service: What answers; to be warmed up before, and closed after.
        hosts: Names under which it may be asked for, see `refused_host`; None for any.
        finder: What finds symbols; None where nothing does.
    """
    application = fastapi.FastAPI(
        title="simclr_tf",
        description="Embeddings of pictures, search with them, and symbols on drawings.",
        # They load scripts from another machine; /openapi.json loads nothing.
        docs_url=None,
        redoc_url=None,
    )
    for router in _ROUTERS:
        application.include_router(router(service))
    application.include_router(detect_router(service, finder))
    answer_errors(application)
    application.add_middleware(HostCheck, hosts=hosts)
    return application
