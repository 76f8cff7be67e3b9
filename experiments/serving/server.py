"""The application served on one address until the process is told to stop."""

from __future__ import annotations

import gc
import socket

import uvicorn

from experiments import listening
from experiments.serving.application import build_application
from simclr_tf.protocols.serving.picture_service import PictureService
from simclr_tf.protocols.serving.symbol_finder import SymbolFinder

# Connections that wait to be accepted.
_BACKLOG = 2048


def serve(
    service: PictureService, listener: socket.socket, finder: SymbolFinder | None = None
) -> None:
    """Answers requests until Ctrl-C or SIGTERM; those in hand are still answered then.

    Args:
        service: What answers, warmed up.
        listener: See `listening.open_port`.
        finder: What finds symbols; None where nothing does.
    """
    application = build_application(service, listening.allowed_hosts(listener), finder)
    config = uvicorn.Config(
        application,
        log_level="error",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(service.settings.max_seconds) + 1,
    )
    # The hundreds of thousands of objects of TensorFlow stay to the end: looking through them again
    # and again for what nobody needs any more took half of the time of a busy service.
    gc.collect()
    gc.freeze()
    # From here on connections are taken, so that whoever reads the line may ask at once.
    listener.listen(_BACKLOG)
    what = "No gallery" if service.gallery is None else f"{len(service.gallery.gallery):,} pictures"
    if finder is not None:
        what += f", {len(finder.class_names):,} classes of symbols"
    print(f"{what}. Serving {listening.address_of(listener)} (Ctrl-C stops.)", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
