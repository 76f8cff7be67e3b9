"""What the page of app.py --drawings answers, without Gradio and without a browser."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from experiments.symbol_page.answers import SymbolAnswers
from simclr_tf.detection import DetectorSettings
from simclr_tf.protocols.upload_limits import UploadLimits
from tests.detection.drawn import box_at, draw_page

HOUSES = [(15, 110), (150, 20)]
SETTINGS = DetectorSettings(angles=2, stretch=1.0)


@pytest.fixture
def uploads(tmp_path):
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def answers(uploads):
    return SymbolAnswers(uploads, UploadLimits(max_megabytes=0.1), SETTINGS)


def sent(uploads, content=None, name="plan.png"):
    """An upload as it arrives: a file in the folder of uploads."""
    if content is None:
        file = io.BytesIO()
        page = draw_page([*(("house", x, y, 0) for x, y in HOUSES), ("cross", 60, 20, 0)])
        Image.fromarray(page).save(file, "PNG")
        content = file.getvalue()
    (uploads / "0123").write_bytes(content)
    return {"path": str(uploads / "0123"), "name": name}


def region(box, width=240, height=160):
    return {"region": np.divide(box, (width, height, width, height)).tolist()}


def test_a_drawing_is_shown_and_its_file_deleted(answers, uploads):
    drawing, html = answers.to_upload(None, sent(uploads))
    assert drawing.name == "plan.png" and drawing.preview.shape == (160, 240)
    assert "data:image/jpeg" in html and "Drag a box round one symbol" in html
    assert list(uploads.iterdir()) == []


def test_a_box_round_one_symbol_shows_all_others_with_their_scores(answers, uploads):
    drawing, _ = answers.to_upload(None, sent(uploads))
    html = answers.to_region(drawing, region(np.array(box_at(15, 110)) + [-4, -4, 4, 4]))
    scores = [float(score) for score in re.findall(r'class="score">([\d.]+)<', html)]
    assert scores == sorted(scores, reverse=True)
    assert f'class="count">{len(scores)}</b> of {len(scores)} possible ones, found in ' in html
    edges = re.findall(r'class="mark".*?left: ([\d.]+)%; top: ([\d.]+)%', html)
    corners = np.array(edges, float) / 100 * (240, 160)
    nearest = np.abs(corners[:2, None] - np.array(HOUSES)).max(axis=2)
    assert nearest.min(axis=0).max() < 4
    # The box that was drawn is still there.
    assert 'class="region" style="left:' in html


def test_taking_the_box_back_leaves_the_drawing(answers, uploads):
    drawing, shown = answers.to_upload(None, sent(uploads))
    html = answers.to_region(drawing, {"region": None})
    assert 'class="mark"' not in html
    assert html.split("<img")[1] == shown.split("<img")[1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "not a picture in a known format"),
        (b"%PDF-1.7", "not a picture in a known format"),
        (bytes(100_001), "0.1 MB, more than the accepted 0.1 MB"),
    ],
)
def test_a_broken_file_is_told_and_the_drawing_stays(answers, uploads, content, reason):
    drawing, _ = answers.to_upload(None, sent(uploads))
    kept, html = answers.to_upload(drawing, sent(uploads, content, "<b>.png"))
    assert kept is drawing and "plan.png" in html
    assert f"&lt;b&gt;.png cannot be searched: {reason}" in html and "<b>.png" not in html


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"region": [0.5, 0.1, 0.52, 0.12]}, "There is nothing drawn in the box"),
        ({"region": [0.4, 0, 0.1, 1]}, "`region` must be"),
        ({"region": "abcd"}, "The marked part cannot be read"),
    ],
)
def test_a_box_that_is_none_is_told_and_the_drawing_stays(answers, uploads, message, reason):
    drawing, _ = answers.to_upload(None, sent(uploads))
    html = answers.to_region(drawing, message)
    assert reason in html and 'role="alert"' in html and "data:image/jpeg" in html


@pytest.mark.parametrize("message", [None, 3, "x", [], {}, {"path": "/etc/passwd", "name": "x"}])
def test_a_message_of_another_form_is_answered(answers, message):
    drawing, html = answers.to_upload(None, message)
    assert drawing is None and "did not arrive" in html
    assert "Choose a drawing first" in answers.to_region(None, message)
