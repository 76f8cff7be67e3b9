"""label_curve.py from its command line to its files, with the smallest settings."""

import json

import pytest

from tests.experiments.conftest import PICTURES, PRETRAIN, run_script, succeeded

pytestmark = pytest.mark.slow

ARGUMENTS = (
    "--data_dir=pictures",
    *PICTURES,
    *PRETRAIN,
    "--epochs=1",
    "--seeds=1",
    "--labels_per_class=4",
    "--contestants=simclr_supcon,baseline",
    "--baseline_pictures=16",
    "--baseline_minimum_epochs=1",
    "--measure=top_1",
    "--from_head_layer=1",
    "--fine_tune_batch_size=6",
    "--fine_tune_epochs=1",
    "--fine_tune_steps_per_epoch=1",
    "--fine_tune_head_size=4",
)


def test_the_curve_is_drawn_and_a_resume_repeats_nothing(workplace):
    printed = succeeded(workplace, "label_curve", *ARGUMENTS)
    version = workplace / "runs/label_curve/version_0"
    assert (version / "label_curve.png").is_file()
    curve = json.loads((version / "label_curve.json").read_text())
    assert [point["labels"] for point in curve["curve"]] == [12]
    for point in curve["curve"]:
        assert set(point["contestants"]) == {"simclr_supcon", "baseline"}
        for figures in point["contestants"].values():
            assert len(figures["seeds"]) == 1 and 0 <= figures["mean"] <= 1
    assert "labels per class" in printed
    printed = succeeded(workplace, "label_curve", *ARGUMENTS, "--resume")
    assert "is finished: nothing to resume." in printed


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--labels_per_class=few", "`labels_per_class` must be whole numbers with commas"),
        ("--contestants=triplet", "`contestants` must be one of: simclr_supcon"),
        ("--fine_tune_layer_decay=0", "`layer_decay` must be greater than 0"),
    ],
)
def test_a_mistake_is_one_line(workplace, argument, message):
    done = run_script(workplace, "label_curve", "--data_dir=pictures", argument)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert message in line
