"""The page laid out in Gradio; what it answers is decided in `answers`."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from experiments.search_page import markup
from experiments.search_page.answers import MOST_NEIGHBOURS, Answer, Answers, Asked

_FOLDER = pathlib.Path(__file__).parent
# A person who comes back to the page later begins anew.
SECONDS_KEPT = 3600

CSS = (_FOLDER / "page.css").read_text(encoding="utf-8")
# Fonts that every machine has: the page loads none.
THEME = gr.themes.Soft(
    primary_hue="indigo",
    neutral_hue="slate",
    font=("system-ui", "sans-serif"),
    font_mono=("ui-monospace", "monospace"),
).set(
    block_title_background_fill="none",
    block_title_background_fill_dark="none",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_padding="0",
)


def build_page(answers: Answers, heading: str, top_k: int) -> gr.Blocks:
    """Returns the page.

    Args:
        answers: What it answers.
        heading: HTML above everything else.
        top_k: Neighbours at first.
    """
    search = answers.search
    most = min(MOST_NEIGHBOURS, len(search))
    with gr.Blocks(
        title="Picture search", analytics_enabled=False, delete_cache=(600, SECONDS_KEPT)
    ) as page:
        asked = gr.State(None, time_to_live=SECONDS_KEPT)
        gr.HTML(heading, elem_id="heading")
        with gr.Row():
            with gr.Column(scale=1, min_width=300, elem_id="query-column"):
                box = gr.HTML(
                    markup.query_box(),
                    elem_id="query-box",
                    js_on_load=script("query_box.js"),
                    max_bytes=search.limits.max_bytes,
                )
                k = gr.Slider(
                    1,
                    max(2, most),
                    value=min(top_k, most),
                    step=1,
                    label="Neighbours",
                    elem_id="top-k",
                )
                classes = gr.Dropdown(
                    [(f"{name} ({count:,})", name) for name, count in search.class_counts.items()],
                    value=[],
                    multiselect=True,
                    label="Only these classes (none: all)",
                    elem_id="classes",
                    visible=bool(search.class_counts),
                )
            with gr.Column(scale=3, min_width=420):
                notice = gr.HTML("", elem_id="notice")
                neighbours = gr.HTML("", elem_id="neighbours", js_on_load=script("neighbours.js"))
        settings, outputs = [asked, k, classes], [asked, box, notice, neighbours]
        # One after the other, so that no late answer brings back what was asked before.
        together: dict[str, Any] = {
            "show_progress": "hidden",
            "trigger_mode": "always_last",
            "concurrency_id": "search",
            "concurrency_limit": 1,
        }
        for event, reply in (
            (box.upload, answers.to_upload),
            (box.select, answers.to_region),
            (neighbours.select, answers.to_pick),
        ):
            event(_listener(reply), settings, outputs, **together)
        for event in (k.change, classes.change):
            event(_settings_listener(answers), settings, outputs, **together)
    return page


def _listener(reply: Callable[[Asked | None, Any, int, Sequence[str]], Answer]) -> Callable:
    def listen(
        asked: Asked | None, k: int, class_names: list[str] | None, event: gr.EventData
    ) -> tuple[Any, ...]:
        # Its attributes are there only where the message has the expected form.
        return _outputs(reply(asked, event._data, k, class_names or ()))

    return listen


def _settings_listener(answers: Answers) -> Callable:
    def listen(asked: Asked | None, k: int, class_names: list[str] | None) -> tuple[Any, ...]:
        return _outputs(answers.to_settings(asked, k, class_names or ()))

    return listen


def _outputs(answer: Answer) -> tuple[Any, ...]:
    kept = gr.skip() if answer.neighbours is None else answer.neighbours
    return answer.asked, answer.box, answer.notice, kept


def script(name: str) -> str:
    """Returns one of the scripts of the page."""
    return (_FOLDER / name).read_text(encoding="utf-8")
