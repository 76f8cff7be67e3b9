"""The tasks of the part `detect`, with small drawings."""

import numpy as np
import pytest
from PIL import Image

from experiments.benchmarks import drawings
from experiments.benchmarks.ours import detect
from experiments.benchmarks.ours.every_window import EveryWindow
from simclr_tf.data.page import decode_page
from simclr_tf.detection import DetectorSettings, cut_gallery
from simclr_tf.detection.ink import ink_map
from simclr_tf.detection.templates import build_templates
from simclr_tf.encoders.pixels import Pixels
from tests.detection.drawn import NAMES, SIDE, draw_page

PAGES = (
    [("house", 15, 110, 0), ("cross", 60, 20, 0), ("arrow", 110, 100, 1)],
    [("house", 150, 20, 1), ("cross", 20, 110, 0), ("arrow", 90, 30, 2)],
    [("house", 100, 110, 3), ("cross", 30, 30, 0), ("arrow", 180, 20, 0)],
)
WORK = {"train_drawings": 2, "examples": 1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    for number, symbols in enumerate(PAGES):
        page = draw_page(symbols)
        height, width = page.shape
        Image.fromarray(page).save(folder / f"{number}.png")
        lines = [
            f"{NAMES.index(name)} {(x + SIDE / 2) / width} {(y + SIDE / 2) / height} "
            f"{SIDE / width} {SIDE / height}"
            for name, x, y, _ in symbols
        ]
        (folder / f"{number}.txt").write_text("\n".join(lines))
    return str(folder)


def test_drawings_are_split_in_the_order_of_their_names(folder):
    train, test = drawings.split_drawings(folder, 2)
    names = [drawing.path[-5:] for drawing in [*train.drawings, *test]]
    assert names == ["0.png", "1.png", "2.png"]


def test_a_drawing_must_be_left_to_search(folder):
    with pytest.raises(ValueError, match=r"more annotated drawings .* \(3\). Received: 3"):
        drawings.split_drawings(folder, 3)


@pytest.mark.parametrize("step", [0.0, 0.25])
def test_symbols_are_found_by_likeness_and_by_encoding_every_window(folder, step):
    search = {"weights": "", "encoder": "resnet10", "width": 0.125, "every_window_step": step}

    def found(name):
        return detect.found(name, 0, data_dir=folder, **WORK, **search)(1)

    # A network of random weights tells little apart, and nothing but the network chooses windows.
    least = 0 if step else 1
    assert least <= found("recall") <= 1
    assert 0 <= found("map_50") <= 1
    assert found("mebibytes") > 100
    assert 0 < found("seconds") == found("seconds")


def test_every_window_is_compared_with_the_examples_at_their_size_and_turn(folder):
    train, (drawing,) = drawings.split_drawings(folder, 2)
    gallery, settings = cut_gallery(train, 1), DetectorSettings(stretch=1.0)
    search = EveryWindow(Pixels().load(), gallery, settings, 16, 1 / 16)
    found = search(
        ink_map(decode_page(drawing.path)),
        build_templates(gallery.examples, settings),
        least_similarity=0,
        least_ink=0,
        places_per_class=1,
    )
    # Windows of about 1.3 x 32 pixels lie 1/16 of that apart, 2.6 pixels.
    centres = (drawing.boxes[:, :2] + drawing.boxes[:, 2:]) / 2
    assert found.labels.tolist() == [0, 1, 2]
    assert np.abs(found.centres - centres[np.argsort(drawing.labels)]).max() <= 2.6


def test_opencv_finds_symbols_that_look_as_their_example_does(folder):
    pytest.importorskip("cv2", reason='opencv is not installed: pip install -e ".[bench]"')
    from experiments.benchmarks.opencv import detect as opencv

    assert opencv.found("map_50", 0, folder, **WORK)(1) > 0.9
    assert opencv.found("seconds", 0, folder, **WORK)(1) > 0
