"""finetune.py from its command line to its files, with the smallest settings."""

import json

import pytest

from simclr_tf.runs import RunFolder
from tests.experiments.conftest import ENCODER, PICTURES, run_script, succeeded

pytestmark = pytest.mark.slow

DATA = ("--data_dir=pictures", *PICTURES)
ONE_STEP = ("--batch_size=12", "--epochs=1", "--steps_per_epoch=1", "--head_size=4")


@pytest.fixture(scope="module")
def fine_tuned(workplace, once):
    """What one step of SupCon printed; its folder is runs/finetune."""
    arguments = (*DATA, *ENCODER, *ONE_STEP, "--labels_per_class=4")
    return once("fine_tuned", lambda: succeeded(workplace, "finetune", *arguments))


def test_one_step_leaves_its_files(workplace, fine_tuned):
    version = workplace / "runs/finetune/version_0"
    names = (
        "config.json",
        "plan.json",
        "metrics.csv",
        "metrics.json",
        "curves.png",
        "before_after.png",
        "encoder.keras",
        "head.keras",
        "finished.json",
    )
    assert [name for name in names if not (version / name).is_file()] == []
    metrics = json.loads((version / "metrics.json").read_text())
    assert metrics["labels"] == 12
    for part in (metrics, metrics["before"], metrics["after"]):
        for name in ("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy"):
            assert 0 <= part[name] <= 1
        assert set(part["per_class"]) == {"class_0", "class_1", "class_2"}


def test_the_table_shows_before_and_after(fine_tuned):
    assert "12 labels, " in fine_tuned
    for name in ("top 1", "map at r", "knn accuracy", "linear probe accuracy"):
        assert name in fine_tuned
    assert "Encoder: runs/finetune/version_0/encoder.keras" in fine_tuned


def test_the_encoder_can_be_fine_tuned_again_with_another_objective(workplace, fine_tuned):
    succeeded(
        workplace,
        "finetune",
        *DATA,
        *ONE_STEP,
        "--encoder_dir=runs/finetune/version_0",
        "--objective=triplet+cross_entropy",
        "--microbatch_size=6",
        "--unfreeze=last_stage",
        "--freeze_batch_norm",
        "--run_dir=runs/again",
    )
    assert (workplace / "runs/again/version_0/before_after.png").is_file()


def test_what_labels_are_made_the_most_of_with_is_reached_by_flags(workplace):
    printed = succeeded(
        workplace,
        "finetune",
        *DATA,
        *ENCODER,
        "--batch_size=12",
        "--epochs=2",
        "--steps_per_epoch=1",
        "--objective=cross_entropy",
        "--label_mixer=mix_up",
        "--class_balanced",
        "--augment=rand-augment",
        "--random_erasing=0.2",
        "--unfreeze=head:1,all",
        "--layer_decay=0.8",
        "--weight_averaging=0.9",
        "--patience=2",
        "--run_dir=runs/flags",
    )
    plan = json.loads((workplace / "runs/flags/version_0/plan.json").read_text())
    assert (plan["epochs"], plan["patience"], plan["weight_averaging"]) == (2, 2, 0.9)
    assert (workplace / "runs/flags/version_0/classifier.keras").is_file()
    assert "classifier accuracy" in printed


def test_an_encoder_without_its_projection_head_is_refused(workplace, fine_tuned):
    done = run_script(
        workplace,
        "finetune",
        *DATA,
        "--encoder_dir=runs/finetune/version_0",
        "--from_head_layer=1",
        "--run_dir=runs/headless",
    )
    assert done.returncode == 2
    assert "must have a projection_head.keras beside its encoder.keras" in done.stderr
    assert not (workplace / "runs/headless").exists()


def test_resuming_a_finished_run_ends_at_once(workplace, fine_tuned):
    printed = succeeded(
        workplace, "finetune", *DATA, *ENCODER, *ONE_STEP, "--labels_per_class=4", "--resume"
    )
    assert printed.strip() == "runs/finetune/version_0 is finished: nothing to resume."


def test_weights_of_another_architecture_are_refused_before_a_run_is_made(workplace, fine_tuned):
    done = run_script(
        workplace,
        "finetune",
        *DATA,
        "--encoder=resnet10",
        "--width=0.25",
        "--weights=runs/finetune",
        "--run_dir=runs/refused",
    )
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "the first layer that differs is 'conv1'" in line
    assert not (workplace / "runs/refused").exists()


def test_a_stopped_run_goes_on_to_the_end(workplace, fine_tuned):
    arguments = (*DATA, *ENCODER, *ONE_STEP, "--labels_per_class=4", "--run_dir=runs/stopped")
    succeeded(workplace, "finetune", *arguments)
    version = workplace / "runs/stopped/version_0"
    # As if it had been killed after its training and before its results.
    for name in ("finished.json", "metrics.json", "encoder.keras"):
        (version / name).unlink()
    printed = succeeded(workplace, "finetune", *arguments, "--resume")
    assert "Resuming runs/stopped/version_0\n" in printed
    with RunFolder.resume(workplace / "runs/stopped") as run:
        assert run.finished
    expected = json.loads((workplace / "runs/finetune/version_0/metrics.json").read_text())
    assert json.loads((version / "metrics.json").read_text()) == expected
