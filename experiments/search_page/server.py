"""The page served: Gradio behind the guard, on one address, with its files in a private folder."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from experiments.listening import allowed_hosts

if TYPE_CHECKING:
    import gradio as gr


@contextmanager
def private_gradio() -> Iterator[str]:
    """Imports Gradio so that it sends nothing out, and gives the folder that uploads come to.

    The folder is readable by its owner only and deleted in the end.

    Raises:
        ValueError: Gradio is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="simclr_tf_app_") as folder:
        # Gradio reads these when it is imported.
        os.environ["GRADIO_TEMP_DIR"] = folder
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        try:
            import gradio  # noqa: F401
        except ImportError as error:
            raise ValueError(
                f'The page needs the extra "app": pip install "simclr_tf[app]". Received: {error}'
            ) from error
        yield folder


def serve(
    page: gr.Blocks, listener: socket.socket, max_upload_bytes: int, css: str | None = None
) -> None:
    """Serves the page until it is stopped, with Ctrl-C or SIGTERM.

    Args:
        page: The page.
        listener: See `listening.open_port`.
        max_upload_bytes: Largest picture in bytes.
        css: How it looks; as the page of the search by default.
    """
    import fastapi
    import gradio
    import uvicorn

    from experiments.search_page.guard import Guard
    from experiments.search_page.page import CSS, THEME

    # No pages of documentation, which load scripts from elsewhere.
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gradio.mount_gradio_app(
        app,
        page,
        path="",
        max_file_size=max_upload_bytes,
        ssr_mode=False,
        show_error=False,
        theme=THEME,
        css=CSS if css is None else css,
        footer_links=[],
        # Gradio would keep every query and its answer in the browser.
        run_history=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
    )
    guarded = Guard(app, allowed_hosts(listener), max_upload_bytes)
    config = uvicorn.Config(
        guarded,
        log_level="critical",
        access_log=False,
        server_header=False,
        # Open pages hold a connection that only they would end.
        timeout_graceful_shutdown=1,
    )
    uvicorn.Server(config).run(sockets=[listener])
