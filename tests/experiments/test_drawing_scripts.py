"""From annotated drawings to a fine-tuned encoder, by the scripts alone."""

import json

import pytest
from PIL import Image

from tests.data.drawings.drawn import BOXES, SIZE, drawn_page
from tests.experiments.conftest import ENCODER, run_script, succeeded

pytestmark = pytest.mark.slow

ONE_STEP = ("--batch_size=8", "--epochs=1", "--steps_per_epoch=1", "--head_size=4")


def write_page(folder, number, boxes=BOXES):
    """A page with its boxes as YOLO has them: the first is of class 0, the second of class 1."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn_page(number)).save(folder / f"{number}.png")
    width, height = SIZE
    lines = [
        f"{row % 2} {(x_min + x_max) / 2 / width} {(y_min + y_max) / 2 / height} "
        f"{(x_max - x_min) / width} {(y_max - y_min) / height}"
        for row, (x_min, y_min, x_max, y_max) in enumerate(boxes)
    ]
    (folder / f"{number}.txt").write_text("\n".join(lines))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Drawings in `plans`, by split, and what cutting them printed."""
    place = tmp_path_factory.mktemp("drawings")
    for number, split in enumerate(["train"] * 3 + ["validation", "test"]):
        write_page(place / "plans" / split, number)
    (place / "plans/classes.txt").write_text("square\nbar\n")
    printed = succeeded(
        place, "cut_crops", "--drawings=plans", "--output_dir=crops", "--backgrounds_per_page=3"
    )
    return place, printed


def test_cutting_says_what_there_is(place):
    folder, printed = place
    assert "15 crops of 2 classes and 9 backgrounds from 5 pages, 0 skipped" in printed
    assert sorted(path.name for path in (folder / "crops").iterdir()) == [
        "crops.csv",
        "test",
        "train",
        "unlabelled",
        "validation",
    ]
    assert len(list((folder / "crops/train/square").glob("*.png"))) == 6


def test_the_crops_are_fine_tuned_on_with_the_background_as_negatives(place):
    folder, _ = place
    printed = succeeded(
        folder,
        "finetune",
        "--data_dir=crops",
        "--image_size=16",
        "--augment=drawing",
        *ENCODER,
        *ONE_STEP,
        "--negatives_dir=crops/unlabelled",
        "--negative_share=0.25",
    )
    assert "crops/unlabelled: 9 negatives, 2 in every batch of 8" in printed
    version = folder / "runs/finetune/version_0"
    config = json.loads((version / "config.json").read_text())
    assert (config["negatives_dir"], config["negative_share"]) == ("crops/unlabelled", 0.25)
    metrics = json.loads((version / "metrics.json").read_text())
    assert metrics["negatives"] == 9 and metrics["labels"] == 9
    assert set(metrics["per_class"]) == {"square", "bar"}


def test_a_folder_without_splits_has_its_classes_at_the_top(place):
    folder, _ = place
    arguments = ("--drawings=plans/train", "--output_dir=flat", "--backgrounds_per_page=0")
    succeeded(folder, "cut_crops", *arguments)
    # Without a file of names in it, classes are called by their numbers.
    assert sorted(path.name for path in (folder / "flat").iterdir()) == ["0", "1", "crops.csv"]


def test_a_faulty_box_is_named_and_the_rest_is_cut(place):
    folder, _ = place
    write_page(folder / "faulty", 0)
    write_page(folder / "faulty", 1, [[10, 10, 10, 30]])
    done = run_script(folder, "cut_crops", "--drawings=faulty", "--output_dir=rest")
    assert done.returncode == 0
    assert "3 crops of 2 classes" in done.stdout and "1 skipped" in done.stdout
    assert "1.txt:1: the box [10, 10, 10, 30] has no area" in done.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("cut_crops", ["--drawings=none"], "must be an existing folder or COCO file"),
        (
            "cut_crops",
            ["--drawings=plans", "--more_classes=9"],
            "`more_classes` are drawn beside the embedded floor_plans: leave `drawings` out",
        ),
        ("cut_crops", ["--margin=-1"], "`margin` must be between 0 and 2"),
        (
            "cut_crops",
            ["--drawings=plans", "--output_dir=plans"],
            "`folder` must not exist yet or be an empty folder",
        ),
        (
            "finetune",
            ["--data_dir=crops", "--negatives_dir=none"],
            "`negatives_dir` must be an existing folder of pictures",
        ),
        (
            "finetune",
            ["--data_dir=crops", "--negatives_dir=crops"],
            "`negatives_dir` must not hold the classes of `data_dir`",
        ),
        (
            "finetune",
            ["--data_dir=crops", "--negatives_dir=crops/unlabelled", "--negative_share=0"],
            "`negative_share` must be greater than 0",
        ),
        (
            "finetune",
            [
                "--data_dir=crops",
                "--negatives_dir=crops/unlabelled",
                "--objective=cross_entropy",
            ],
            "`negatives_dir` is for supcon and triplet",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_answered_in_one_line(place, script, arguments, message):
    folder, _ = place
    done = run_script(folder, script, *arguments)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode == 2
    assert message in line
