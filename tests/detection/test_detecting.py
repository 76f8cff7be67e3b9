import csv
import json

import numpy as np
import pytest
from PIL import Image

from simclr_tf.boxes import Detections
from simclr_tf.data import AnnotatedDrawing, read_coco
from simclr_tf.detection import detect_pages, detection_metrics
from simclr_tf.detection.candidate_finder import PageTooSmall

NAMES = ("arrow", "<b>cross</b>")


class Corners:
    """Finds a box in the upper left corner of every page, and in the lower right one."""

    def detect(self, page):
        height, width = page.shape[:2]
        if width < 10:
            raise PageTooSmall("it is too small")
        boxes = np.array([[0, 0, 20, 10], [width - 10, height - 10, width, height]], float)
        return Detections(boxes, np.array([1, 0]), np.array([0.9, 0.25]))


@pytest.fixture
def pages(tmp_path):
    folder = tmp_path / "pages"
    (folder / "level 2").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, mode in (("a.png", "RGB"), ("level 2/b.png", "L"), ("one bit.tif", "1")):
        values = rng.integers(0, 256, (50, 60)).astype(np.uint8)
        Image.fromarray(values).convert(mode).save(folder / name)
    Image.fromarray(values).convert("CMYK").save(folder / "print.jpg")
    Image.fromarray(values.astype(np.uint16) * 257).save(folder / "sixteen.png")
    Image.new("L", (40, 40), 255).save(folder / "blank.png")
    Image.new("L", (5, 5)).save(folder / "tiny.png")
    (folder / "broken.png").write_bytes(b"\x89PNG broken")
    return folder


PATHS = ["a.png", "level 2/b.png", "one bit.tif", "print.jpg", "sixteen.png", "blank.png"]
FAULTY = ["broken.png", "tiny.png", "missing.png"]


@pytest.fixture
def results(pages, tmp_path):
    return detect_pages(Corners(), pages, [*FAULTY, *PATHS], NAMES, tmp_path / "out")


def test_a_faulty_page_is_named_and_the_others_are_searched(results):
    assert [page.path for page in results.pages] == PATHS
    reasons = {picture.path: picture.reason for picture in results.skipped}
    assert list(reasons) == FAULTY
    assert reasons["tiny.png"] == "it is too small"
    assert "No such file" in reasons["missing.png"]


def test_a_blank_page_is_noted(results):
    notes = {page.path: page.note for page in results.pages}
    assert notes.pop("blank.png") == "the page is blank"
    assert set(notes.values()) == {None}


def test_the_results_are_read_back_as_coco(results, pages, tmp_path):
    found = read_coco(tmp_path / "out/detections.json", pages)
    assert found.class_names == NAMES and len(found) == len(PATHS)
    np.testing.assert_allclose(found.drawings[0].boxes, [[0, 0, 20, 10], [50, 40, 60, 50]])
    assert found.drawings[0].labels.tolist() == [1, 0]
    content = json.loads((tmp_path / "out/detections.json").read_text())
    assert [entry["score"] for entry in content["annotations"][:2]] == [0.9, 0.25]


def test_the_table_has_a_row_for_each_box(results, tmp_path):
    with open(tmp_path / "out/detections.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(PATHS)
    assert rows[3] == {
        "page": "level 2/b.png",
        "label": "arrow",
        "score": "0.25",
        "x_min": "50.0",
        "y_min": "40.0",
        "x_max": "60.0",
        "y_max": "50.0",
    }


def test_boxes_are_drawn_on_a_copy_of_each_page(results, pages, tmp_path):
    with Image.open(tmp_path / "out/pages/blank.png.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB"))
    assert pixels.shape == (40, 40, 3)
    # The left edge of the first box, in a colour.
    assert (pixels[5, 0] != [255, 255, 255]).any() and (pixels[20, 20] == 255).all()
    assert (tmp_path / "out/pages/level 2/b.png.png").is_file()


def test_boxes_that_are_rather_wrong_than_right_are_listed_and_not_drawn(results, tmp_path):
    with Image.open(tmp_path / "out/pages/blank.png.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB"))
    # The box with a score of .25 lies in the lower right corner.
    assert (pixels[25:] == 255).all()
    text = (tmp_path / "out/index.html").read_text()
    assert text.count("<li>") == len(PATHS) and "0.250" not in text
    assert f"<p>{len(PATHS)} more with lower scores are in detections.csv.</p>" in text


def test_the_review_page_shows_the_surest_first_and_escapes_names(pages, tmp_path):
    detect_pages(Corners(), pages, PATHS, NAMES, tmp_path / "out", least_drawn_score=0.2)
    text = (tmp_path / "out/index.html").read_text()
    assert text.count("<li>") == 2 * len(PATHS)
    assert text.rindex("0.900") < text.index("0.250")
    assert "&lt;b&gt;cross" in text and "<b>cross" not in text


def test_metrics_compare_with_the_true_boxes(results):
    # On two pages the box in the upper left corner is true, the other one is not.
    box = np.array([[0, 0, 20, 10]], float)
    truth = {
        path: AnnotatedDrawing(path, 60, 50, box, np.array([1])) for path in ("a.png", "print.jpg")
    }
    metrics = detection_metrics(results, truth, NAMES)
    assert metrics["map_50"] == metrics["map_50_95"] == 1.0
    assert metrics["pages"] == 2
    assert metrics["at_recall"]["false_alarms_per_page"] == 0
    assert metrics["per_class"][NAMES[1]]["count"] == 2
    assert metrics["seconds_per_page"] > 0


def test_a_score_that_no_box_has_is_refused(pages, tmp_path):
    with pytest.raises(ValueError, match="`least_drawn_score` must be between 0.0 and 1.0"):
        detect_pages(Corners(), pages, PATHS, NAMES, tmp_path / "out", least_drawn_score=1.5)


def test_metrics_without_true_boxes_are_refused(results):
    with pytest.raises(ValueError, match="no searched page with true boxes"):
        detection_metrics(results, {}, NAMES)
