"""detect.py from the command line to its files."""

import json

import numpy as np
import pytest
from PIL import Image

from simclr_tf.encoders import build_encoder
from tests.data.pdf_files import encrypted_pdf, pdf_bytes
from tests.detection.drawn import NAMES, SIDE, draw_page, draw_symbol
from tests.experiments.conftest import run_script, succeeded

pytestmark = pytest.mark.slow

PAGES = {
    "train/1.png": [("house", 15, 110, 0), ("cross", 60, 20, 0), ("arrow", 110, 100, 1)],
    "train/2.png": [("house", 150, 20, 1), ("cross", 20, 110, 0), ("arrow", 90, 30, 2)],
    "test/3.png": [("house", 100, 110, 3), ("cross", 30, 30, 0), ("arrow", 180, 20, 0)],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages with YOLO texts in `train` and `test`, pictures in `symbols`, and an encoder."""
    folder = tmp_path_factory.mktemp("detect")
    for name in ("train", "test", "symbols", "encoder"):
        (folder / name).mkdir()
    for name, symbols in PAGES.items():
        page = draw_page(symbols)
        height, width = page.shape
        Image.fromarray(page).save(folder / name)
        lines = [
            f"{NAMES.index(kind)} {(x + SIDE / 2) / width} {(y + SIDE / 2) / height} "
            f"{SIDE / width} {SIDE / height}"
            for kind, x, y, _ in symbols
        ]
        (folder / name).with_suffix(".txt").write_text("\n".join(lines))
    for split in ("train", "test"):
        (folder / split / "classes.txt").write_text("\n".join(NAMES))
    for name in NAMES:
        picture = np.pad(draw_symbol(name, 64), 8, constant_values=255)
        Image.fromarray(picture).save(folder / f"symbols/{name}.png")
    build_encoder("resnet10", image_size=16, width=0.125).save(folder / "encoder/encoder.keras")
    return folder


def test_examples_cut_from_drawings_find_the_symbols_of_another_one(folder):
    printed = succeeded(
        folder,
        "detect",
        "--train_drawings=train",
        "--drawings=test",
        "--evaluate",
        "--encoder_dir=encoder",
        "--output_dir=out",
    )
    assert "Gallery: 3 examples of 3 classes" in printed
    metrics = json.loads((folder / "out/metrics.json").read_text())
    assert metrics["map_50"] == 1.0
    assert {"map_50_95", "false_alarms_per_page", "seconds_per_page"} <= set(metrics)
    assert {name: metrics["per_class"][name]["count"] for name in NAMES} == dict.fromkeys(NAMES, 1)
    for name in ("pages/3.png.png", "detections.json", "detections.csv", "index.html"):
        assert (folder / "out" / name).is_file()


def test_pictures_find_symbols_also_on_pages_of_pdf_and_a_faulty_file_is_named(folder):
    pytest.importorskip("pypdfium2", reason='pypdfium2 (the extra "pdf") is missing')
    (folder / "pages").mkdir()
    (folder / "pages/broken.png").write_bytes(b"no picture")
    (folder / "pages/secret.pdf").write_bytes(encrypted_pdf())
    page = draw_page(PAGES["test/3.png"])
    (folder / "pages/plan.pdf").write_bytes(pdf_bytes(np.full_like(page, 255), page))
    arguments = ("--gallery=symbols", "--drawings=pages", "--output_dir=found")
    sizes = ("--smallest_symbol=24", "--largest_symbol=40", "--pdf_dpi=72")
    done = run_script(folder, "detect", *arguments, *sizes)
    assert done.returncode == 0, done.stderr
    assert "the pixels alone decide" in done.stdout
    assert "Skipped broken.png: not a picture" in done.stderr
    assert "Skipped secret.pdf: the PDF file is encrypted" in done.stderr
    assert "plan.pdf_page_1: 0 symbols" in done.stdout and "the page is blank" in done.stdout
    assert (folder / "found/pages/plan.pdf_page_2.png").is_file()
    content = json.loads((folder / "found/detections.json").read_text())
    best = sorted(content["annotations"], key=lambda entry: -entry["score"])[:3]
    assert {entry["category_id"] for entry in best} == {1, 2, 3}
    assert {entry["image_id"] for entry in best} == {2}
    assert content["images"][1]["file_name"] == "plan.pdf_page_2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--drawings=test",), "`gallery` or `train_drawings` must be given"),
        (("--gallery=symbols",), "`drawings` must be given"),
        (("--gallery=none", "--drawings=test"), "`gallery` must be an existing folder"),
        (("--gallery=symbols", "--drawings=none"), "`drawings` must be an existing folder"),
        (("--gallery=symbols", "--drawings=encoder"), "`drawings` must hold pictures"),
        (
            ("--gallery=symbols", "--drawings=test", "--examples_per_class=-1"),
            "`examples_per_class` must be at least 0",
        ),
        (("--gallery=symbols", "--drawings=test", "--pdf_dpi=9"), "`pdf_dpi` must be between 18"),
        (
            ("--gallery=symbols", "--drawings=test", "--least_drawn_score=2"),
            "`least_drawn_score` must be between 0.0 and 1.0",
        ),
        (
            ("--gallery=symbols", "--drawings=test", "--stretch=0.5"),
            "`stretch` must be at least 1.0",
        ),
        (
            ("--gallery=symbols", "--drawings=test", "--encoder_dir=none"),
            "`encoder_dir` must be a .keras file",
        ),
    ],
)
def test_a_mistake_is_answered_with_one_line(folder, arguments, message):
    done = run_script(folder, "detect", *arguments, "--output_dir=mistake")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ") and message in done.stderr
    assert not (folder / "mistake").exists()
