"""sweep.py and evaluate.py from the command line to their files, with the smallest settings."""

import csv
import json
import shutil

import pytest

from tests.experiments.conftest import ENCODER, PICTURES, run_script, succeeded

pytestmark = pytest.mark.slow

# The second combination asks for more pictures of a class than there are labels.
SWEEP = (
    *("--data_dir=pictures", *PICTURES, *ENCODER),
    *("--batch_size=12", "--epochs=1", "--steps_per_epoch=1", "--head_size=4"),
    *("--labels_per_class=4", "--noprobe_linearly"),
    "--grid=pictures_per_class=2,6",
    "--grid=seed=0,1",
    *("--report_test", "--report_figures=top_1"),
)


@pytest.fixture(scope="module")
def swept(workplace, once):
    """What a sweep of four runs printed, two of which fail; its folder is runs/sweep."""
    return once("swept", lambda: succeeded(workplace, "sweep", *SWEEP))


def results_of(folder):
    return json.loads((folder / "results.json").read_text())


def test_every_run_is_a_version_as_finetune_makes_them(workplace, swept):
    folder = workplace / "runs/sweep"
    for number in (0, 1):
        version = folder / f"version_{number}"
        config = json.loads((version / "config.json").read_text())
        assert (config["pictures_per_class"], config["seed"]) == (2, number)
        assert (config["labels_per_class"], config["probe_linearly"]) == (4, False)
        for name in ("encoder.keras", "metrics.json", "before_after.png", "finished.json"):
            assert (version / name).is_file()
    assert not (folder / "version_2").exists()


def test_the_table_has_every_run_and_why_some_failed(workplace, swept):
    folder = workplace / "runs/sweep"
    results = results_of(folder)
    first, second, *failed = results["runs"]
    assert first["val_top_1"] >= second["val_top_1"]
    assert [run["status"] for run in failed] == ["failed", "failed"]
    assert "`pictures_per_class` must be at most the pictures of" in failed[0]["reason"]
    assert results["best"]["version"] == first["version"]
    assert 0 <= results["best"]["test"]["top_1"] <= 1
    with open(folder / "results.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4
    assert "[1/4] pictures_per_class=2 seed=0\n    version_0: val_top_1 " in swept
    assert "[4/4] pictures_per_class=6 seed=1\n    failed: `pictures_per_" in swept
    assert "On test, version_" in swept


def test_runs_of_several_seeds_are_summed_up_with_their_figures_on_test(workplace, swept):
    (group,) = results_of(workplace / "runs/sweep")["groups"]
    tops = [
        json.loads((workplace / f"runs/sweep/version_{number}/metrics.json").read_text())["top_1"]
        for number in (0, 1)
    ]
    assert group["values"] == {"pictures_per_class": 2}
    assert group["test"]["top_1"]["mean"] == pytest.approx(sum(tops) / 2)
    summary = (workplace / "runs/sweep/summary.md").read_text()
    assert summary.startswith("| pictures_per_class | seeds | val top 1 ")
    assert summary in swept and "top 1 " in summary and "knn" not in summary
    assert ", runs/sweep/summary.md\n" in swept


def test_tensorboard_has_the_runs(workplace, swept):
    folder = workplace / "runs/sweep/hparams"
    assert sorted(path.name for path in folder.glob("version_*")) == ["version_0", "version_1"]


def test_the_same_command_resumes_what_was_stopped_and_repeats_nothing(workplace, swept):
    folder = workplace / "runs/sweep_again"
    shutil.copytree(workplace / "runs/sweep", folder)
    before = (folder / "version_1/metrics.csv").stat().st_mtime_ns
    record = json.loads((folder / "sweep.json").read_text())
    # As if the sweep had been stopped in its second run.
    record["runs"][1]["status"] = "started"
    (folder / "version_1/finished.json").unlink()
    (folder / "version_1/metrics.json").unlink()
    (folder / "sweep.json").write_text(json.dumps(record))
    printed = succeeded(workplace, "sweep", *SWEEP, "--run_dir=runs/sweep_again", "--resume")
    assert [line for line in printed.splitlines() if line.startswith("[")] == [
        "[2/4] pictures_per_class=2 seed=1"
    ]
    assert (folder / "version_1/metrics.json").is_file()
    assert (folder / "version_1/metrics.csv").stat().st_mtime_ns >= before
    assert [run["status"] for run in results_of(folder)["runs"]].count("finished") == 2
    assert not (folder / "version_2").exists()


def test_a_sweep_without_a_run_that_ends_fails_with_the_reason(workplace, swept):
    arguments = (*SWEEP[:-4], "--grid=pictures_per_class=6", "--run_dir=runs/failing")
    done = run_script(workplace, "sweep", *arguments)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: No run of the sweep came to a figure. `pictures_per_class` must")


def test_pretraining_is_swept_as_well(workplace):
    printed = succeeded(
        workplace,
        "sweep",
        "--sweep=pretrain",
        *("--data_dir=pictures", *PICTURES, *ENCODER, "--projection_size=4", "--batch_size=16"),
        *("--epochs=1", "--steps_per_epoch=1", "--notensorboard", "--augment=simclr-cifar"),
        *("--grid=temperature=0.2", "--metric=probe_accuracy", "--run_dir=runs/swept"),
    )
    assert "    version_0: probe_accuracy " in printed
    assert (workplace / "runs/swept/version_0/encoder.keras").is_file()


# === evaluate.py ===


def test_a_version_is_evaluated_with_its_own_pictures_and_labels(workplace, swept):
    printed = succeeded(
        workplace,
        "evaluate",
        *("--run_dir=runs/sweep", "--version_number=0", "--num_show_similar=3"),
    )
    folder = workplace / "runs/sweep/version_0"
    metrics = json.loads((folder / "evaluation/metrics.json").read_text())
    stored = json.loads((folder / "metrics.json").read_text())
    for name in ("top_1", "top_3", "top_5", "map_at_r", "knn_accuracy"):
        assert metrics[name] == pytest.approx(stored["after"][name])
        assert metrics["after"][name] == stored["after"][name]
    assert metrics["labels"] == 12 and len(metrics["similar"]) == 3
    assert (folder / "evaluation/similar.png").is_file()
    assert "runs/sweep/version_0: objective supcon, seed 0" in printed
    assert f"{metrics['query']} ({metrics['query_class']}) finds:" in printed


def test_other_pictures_than_the_runs_are_told(workplace, swept):
    done = run_script(
        workplace,
        "evaluate",
        *("--run_dir=runs/sweep", "--version_number=1", "--max_classes=2", "--output_dir=two"),
    )
    assert done.returncode == 0, done.stderr
    assert "Warning: these are not the pictures, labels or splits that" in done.stderr
    assert (workplace / "two/similar.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--version_number=30"], "must be one of those in 'runs/sweep': 0, 1. Received: version_"),
        (["--run_dir=none"], "`run_dir` must be a folder that holds version_0, version_1, "),
        (["--num_show_similar=0"], "`num_show_similar` must be between 1 and 100"),
        (["--image_size=16"], "`image_size` must be 8, the size of the pictures that the encoder"),
        (["--data_dir=none"], "`data_dir` must be an existing folder"),
    ],
)
def test_a_mistake_is_answered_in_one_line_without_tensorflow(workplace, swept, arguments, message):
    done = run_script(workplace, "evaluate", "--run_dir=runs/sweep", *arguments)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and line.startswith("Error: ") and message in line
