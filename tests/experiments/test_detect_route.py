"""POST /detect, with a detector that finds corners and in this process."""

import io
import threading

import numpy as np
import pytest
from PIL import Image

from simclr_tf.boxes import Detections
from simclr_tf.detection.candidate_finder import PageTooSmall
from simclr_tf.protocols import PictureService, ServingSettings, UploadLimits
from simclr_tf.protocols.serving.symbol_finder import SymbolFinder
from tests.protocols.test_picture_search import SETTINGS, mean_colours

pytest.importorskip("httpx", reason='httpx (the extra "test") is missing')
pytest.importorskip("fastapi", reason='FastAPI (the extra "serve") is missing')
pytest.importorskip("orjson", reason='orjson (the extra "serve") is missing')

from tests.experiments.test_serving import ask, post, refused  # noqa: E402


class Corners:
    """Finds two boxes on every page that is wide enough, once it may."""

    def __init__(self):
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.calls = 0

    def detect(self, page):
        self.calls += 1
        assert self.may_go_on.wait(60)
        height, width = page.shape[:2]
        if width < 10:
            raise PageTooSmall("every symbol looked for is larger than the page")
        boxes = np.array([[0, 0, 5, 5], [width - 5, height - 5, width, height]], float)
        return Detections(boxes, np.array([1, 0]), np.array([0.9, 0.25]))


@pytest.fixture
def detector():
    return Corners()


@pytest.fixture
def served(detector):
    """Makes pairs of a service and its finder, and closes them."""
    made = []

    def make(limits=None, **settings):
        service = PictureService(mean_colours, "e1", SETTINGS, settings=ServingSettings(**settings))
        finder = SymbolFinder(detector, ("valve", "pump"), limits)
        made.extend((service, finder))
        return {"service": service, "finder": finder}

    yield make
    detector.may_go_on.set()
    for one in made:
        one.close()


def page_bytes(size=(40, 30), mode="L"):
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_boxes_labels_and_scores_are_answered_best_first(served, mode):
    answer = post(**served(), path="/detect", content=page_bytes(mode=mode))
    assert answer.status_code == 200
    assert answer.json() == {
        "symbols": [
            {"box": [0, 0, 5, 5], "label": "pump", "score": 0.9},
            {"box": [35, 25, 40, 30], "label": "valve", "score": 0.25},
        ],
        "width": 40,
        "height": 30,
    }


def test_symbols_below_the_least_score_are_left_out(served):
    answer = post(**served(), path="/detect?least_score=0.5", content=page_bytes())
    assert [one["label"] for one in answer.json()["symbols"]] == ["pump"]


def test_a_bad_page_among_others_spoils_no_other(served):
    good, broken, small = page_bytes(), b"no picture", page_bytes((5, 5))
    requests = [("POST", "/detect", content, {}) for content in (good, broken, small, good)]
    pair = served()
    answers = ask(pair["service"], *requests, finder=pair["finder"])
    assert [answer.status_code for answer in answers] == [200, 422, 422, 200]
    assert refused(answers[1], 422, "not a picture in a known format")
    assert refused(answers[2], 422, "larger than the page")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("least_score=2", "`least_score` must be between 0 and 1"),
        ("least_score=nan", "`least_score` must be between 0 and 1"),
        ("least_score=much", "`least_score` is not accepted"),
    ],
)
def test_an_argument_that_is_not_accepted_is_named(served, detector, query, text):
    answer = post(**served(), path=f"/detect?{query}", content=page_bytes())
    assert refused(answer, 422, text) and detector.calls == 0


def test_a_page_beyond_the_limits_is_refused(served):
    limits = UploadLimits(max_megabytes=0.001, max_megapixels=0.001)
    answer = post(**served(limits), path="/detect", content=page_bytes((60, 30)))
    assert refused(answer, 413, "60 x 30 pixels, more than the accepted")
    answer = post(**served(limits), path="/detect", content=bytes(1001))
    assert refused(answer, 413, "more than the accepted 0.001 MB")


def test_a_search_that_takes_too_long_is_answered_504_and_the_next_one_waits_for_it(
    served, detector
):
    detector.may_go_on.clear()
    pair = served(max_seconds=0.2)
    assert refused(post(**pair, path="/detect", content=page_bytes()), 504, "longer than 0.2")
    # The thread is still at the first page: the second is given up before it is begun.
    assert refused(post(**pair, path="/detect", content=page_bytes()), 504, "longer than 0.2")
    assert detector.calls == 1
    detector.may_go_on.set()
    assert post(**pair, path="/detect", content=page_bytes()).status_code == 200
    assert detector.calls == 2


def test_without_a_gallery_it_says_so(served):
    answer = post(served()["service"], "/detect", page_bytes())
    assert refused(answer, 404, "serve.py was started without gallery")
