"""The page laid out in Gradio; what it answers is decided in `answers`."""

from __future__ import annotations

import pathlib
from typing import Any

import gradio as gr

from experiments.search_page.page import CSS as SHARED_CSS
from experiments.search_page.page import SECONDS_KEPT, script
from experiments.symbol_page import markup
from experiments.symbol_page.answers import Drawing, SymbolAnswers

_FOLDER = pathlib.Path(__file__).parent

CSS = SHARED_CSS + (_FOLDER / "drawing.css").read_text(encoding="utf-8")


def build_page(answers: SymbolAnswers, heading: str) -> gr.Blocks:
    """Returns the page.

    Args:
        answers: What it answers.
        heading: HTML above everything else.
    """
    scripts = script("query_box.js") + (_FOLDER / "drawing_view.js").read_text(encoding="utf-8")
    with gr.Blocks(
        title="Find a symbol", analytics_enabled=False, delete_cache=(600, SECONDS_KEPT)
    ) as page:
        drawing = gr.State(None, time_to_live=SECONDS_KEPT)
        gr.HTML(heading, elem_id="heading")
        box = gr.HTML(
            markup.empty_box(),
            elem_id="query-box",
            js_on_load=scripts,
            max_bytes=answers.limits.max_bytes,
        )

        def upload(kept: Drawing | None, event: gr.EventData) -> tuple[Drawing | None, str]:
            return answers.to_upload(kept, event._data)

        def select(kept: Drawing | None, event: gr.EventData) -> str:
            return answers.to_region(kept, event._data)

        # One after the other, so that no late answer brings back what was asked before.
        together: dict[str, Any] = {
            "show_progress": "hidden",
            "trigger_mode": "always_last",
            "concurrency_id": "search",
            "concurrency_limit": 1,
        }
        box.upload(upload, [drawing], [drawing, box], **together)
        box.select(select, [drawing], [box], **together)
    return page
