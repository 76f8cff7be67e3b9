"""Mistakes on the command line: one readable line, and nothing written."""

import os
import subprocess
import sys

import pytest

from tests.experiments.conftest import ROOT, command, run_script

DATA = "--data_dir=pictures"


def names_below(folder):
    return sorted(os.fspath(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def folder(workplace, tmp_path_factory):
    """Pictures, an empty folder, a flat folder, a file and a run folder without runs."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "pictures").symlink_to(workplace / "pictures")
    (folder / "empty").mkdir()
    (folder / "flat").symlink_to(workplace / "pictures/class_0")
    (folder / "file").write_text("precious")
    return folder


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("pretrain", ["--encoder=vgg"], "`encoder` must be one of: resnet10, resnet18"),
        ("pretrain", ["--augment=simclr"], "`augment` must be one of: auto, simclr-cifar"),
        ("pretrain", ["--optimizer=sgdw"], "`optimizer` must be one of: sgd, adam"),
        ("pretrain", ["--mixed_precision=half"], "must be one of: none, bfloat16, float16"),
        ("pretrain", ["--resize_mode=zoom"], "`resize_mode` must be one of: "),
        ("pretrain", ["--temperature=0"], "`temperature` must be greater than 0"),
        ("pretrain", ["--temperature=-0.5"], "`temperature` must be greater than 0"),
        ("pretrain", ["--batch_size=1"], "`batch_size` must be at least 2"),
        ("pretrain", ["--image_size=7"], "`image_size` must be at least 8"),
        ("pretrain", ["--ram_limit_bytes=-1"], "`ram_limit_bytes` must be at least 0"),
        (
            "pretrain",
            # 90 pictures of 9 * 9 * 3 bytes.
            [DATA, "--image_size=9", "--cache_limit_bytes=21869"],
            "90 decoded pictures take 21870 bytes and do not fit into the cache folder",
        ),
        ("pretrain", ["--normalization=layer"], "`normalization` must be one of: batch, group"),
        ("pretrain", ["--data_dir=missing"], "`data_dir` must be an existing folder"),
        ("pretrain", ["--data_dir=file"], "`data_dir` must be a folder of pictures, not a file"),
        ("pretrain", ["--data_dir=empty"], "`data_dir` must hold pictures"),
        ("pretrain", [DATA, "--dataset=cifar10"], "Exactly one of `data_dir` and `dataset`"),
        ("pretrain", [DATA, "--batch_size=1000"], "`batch_size` must be at most the number of"),
        ("pretrain", [DATA, "--batch_size=8", "--run_dir=file"], "`run_dir` must be a folder"),
        ("pretrain", [DATA, "--resume", "--run_dir=none"], "which does not exist"),
        ("pretrain", [DATA, "--resume", "--run_dir=empty"], "which holds none"),
        ("pretrain", [DATA, "--resume", "--run_dir=file"], "which is a file"),
        ("pretrain", ["data_dir=pictures"], "unknown arguments: data_dir=pictures"),
        ("baseline", ["--labels_per_class=0"], "`labels_per_class` must be at least 1"),
        ("baseline", ["--data_dir=flat"], "has no labelled pictures"),
        ("linear_probe", ["--encoder_dir=x", "--label_fraction=2"], "must be between 0 and 1"),
        ("linear_probe", ["--encoder_dir=x", "--seed=-1"], "`seed` must be at least 0"),
        ("finetune", ["--objective=softmax"], "`objective` must be one of: supcon, "),
        ("finetune", ["--margin=0"], "`margin` must be greater than 0. Received: margin=0.0"),
        ("finetune", ["--margin=-1"], "`margin` must be greater than 0"),
        ("finetune", ["--encoder_dir=none"], "`encoder_dir` must be a .keras file, a run folder"),
        ("finetune", ["--weights=none.h5"], "`weights` must be none or imagenet, a Keras file, or"),
        ("finetune", ["--weights=empty"], "with encoder.keras in it. Received: weights='empty', w"),
        ("finetune", ["--unfreeze=head"], "`unfreeze` may be head alone only with `keep_head`"),
        ("finetune", ["--data_dir=flat"], "has no labelled pictures"),
        (
            "finetune",
            [DATA, "--objective=triplet", "--labels_per_class=1"],
            "`objective` may be triplet only where some class has at least 2",
        ),
        (
            "finetune",
            [DATA, "--pictures_per_class=9", "--labels_per_class=5"],
            "`pictures_per_class` must be at most the pictures of the smallest class, 5 of class",
        ),
        (
            "finetune",
            ["--objective=cross_entropy", "--microbatch_size=8"],
            "`microbatch_size` is for supcon and triplet, whose loss needs the whole batch",
        ),
        (
            "finetune",
            # Four of each of the three classes.
            [DATA, "--batch_size=12", "--microbatch_size=5"],
            "must divide the batch of 12 pictures, 3 classes of 4. Received: microbatch_size=5",
        ),
        ("import_weights", ["--weights=none"], "`weights` must be a file that exists"),
        ("export", ["--encoder_dir=none"], "`encoder_dir` must be a .keras file, a run folder"),
        ("export", ["--encoder_dir=x", "--tflite=int4"], "`tflite` must be one of: float32, "),
        ("export", ["--encoder_dir=x", "--output_dir=pictures"], "`output_dir` must not exist"),
        ("sweep", [DATA], "Exactly one of `grid` and `grid_file` must be given"),
        ("sweep", ["--grid=lr=1"], "`grid` must name settings of finetune (--help lists them)"),
        ("sweep", ["--grid=marjin=1"], "(did you mean margin?). Received: 'marjin'"),
        ("sweep", ["--grid=margin=0.1,-1"], "`margin` must be greater than 0. Received: margin=-1"),
        ("sweep", ["--grid=epochs=1,x"], "`grid` must give epochs a whole number each time"),
        ("sweep", ["--grid=margin=1,1.0"], "`grid` must not make the same run twice"),
        ("sweep", ["--grid_file=none.json"], "`grid_file` must be a readable file of JSON"),
        ("sweep", ["--grid=weights=none,x.h5"], "`weights` must be none or imagenet, a Keras file"),
        ("sweep", ["--grid=encoder_dir=x"], "`encoder_dir` must be a .keras file, a run folder"),
        ("sweep", ["--grid=margin=1", "--temperature=0"], "`temperature` must be greater than 0"),
        ("sweep", ["--grid=margin=1", "--data_dir=none"], "`data_dir` must be an existing folder"),
        ("sweep", ["--grid=margin=1", "--resume"], "in which a sweep was started to resume it"),
        ("sweep", ["--grid=margin=1", DATA, "--run_dir=file"], "`run_dir` must be a folder that"),
        ("sweep", ["--sweep=pretrain", "--grid=margin=1"], "must name settings of pretrain"),
        ("sweep", ["--grid=unfreeze=head:2,al;all"], "Received: unfreeze='head:2,al'"),
        ("sweep", ["--grid=seed=0,1", "--report_figures=top_1"], "only with `report_test`"),
        (
            "sweep",
            ["--grid=seed=0,1", "--report_test", "--report_figures=coarse/top_2"],
            "`report_figures` must be one of: top_1, top_3, top_5, map_at_r. Received: report_fig",
        ),
        (
            "sweep",
            ["--sweep=pretrain", "--grid=width=1", "--report_test"],
            "`report_test` is for sweeps of finetune",
        ),
        ("evaluate", ["--run_dir=none"], "`run_dir` must be a folder that holds version_0"),
        ("compare", ["--seeds=0"], "`seeds` must be at least 1. Received: seeds=0"),
        ("compare", ["--seeds=-2"], "`seeds` must be at least 1. Received: seeds=-2"),
        ("compare", ["--curve_labels_per_class=1,x"], "must be whole numbers with commas"),
        ("compare", ["--curve_labels_per_class=0"], "`curve_labels_per_class` must be at least 1"),
        ("compare", ["--baseline_optimizer=x"], "`optimizer` must be one of"),
        ("compare", ["--data_dir=flat", "--batch_size=8"], "has no labelled pictures"),
        ("compare", [DATA, "--batch_size=1000"], "`batch_size` must be at most the number of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_answered_in_one_line(folder, script, arguments, message):
    before = names_below(folder)
    done = run_script(folder, script, *arguments)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Warning: ")]
    assert done.returncode == 2
    assert len(lines) == 1 and lines[0].startswith("Error: ")
    assert message in lines[0]
    assert "tensorflow" not in done.stderr
    assert names_below(folder) == before
    assert (folder / "file").read_text() == "precious"


@pytest.mark.parametrize(
    ("script", "argument", "message"),
    [
        ("pretrain", "--colour=red", "Unknown command line flag 'colour' (--help lists them)"),
        ("finetune", "--objectiv=supcon", "flag 'objectiv'. Did you mean: objective ?"),
        ("pretrain", "--epochs=many", "`epochs` must be a whole number. Received: epochs='many'"),
        ("finetune", "--margin=wide", "`margin` must be a number. Received: margin='wide'"),
        ("finetune", "--resume=perhaps", "`resume` must be true or false. Received: resume='perh"),
        ("sweep", "--sweep=all", "`sweep` must be one of: finetune, pretrain. Received: sweep='a"),
        ("evaluate", "--run_dir", "Missing value for flag --run_dir"),
    ],
)
def test_a_flag_that_cannot_be_read_is_named_in_one_line(folder, script, argument, message):
    done = run_script(folder, script, argument)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ") and message in line


@pytest.mark.parametrize("script", ["pretrain", "finetune", "sweep", "evaluate", "label_curve"])
def test_the_home_folder_may_be_written_short_in_every_flag(folder, script):
    more = ["--grid=margin=1"] if script == "sweep" else []
    resumed = [] if script == "evaluate" else ["--resume"]
    done = subprocess.run(
        command(script, *more, "--run_dir=~/none", *resumed),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT), "HOME": "/nobody"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Received: run_dir='/nobody/none'" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_run_folder_that_cannot_be_written_is_named(folder, tmp_path):
    tmp_path.chmod(0o500)
    done = run_script(folder, "pretrain", DATA, "--batch_size=8", f"--run_dir={tmp_path}/runs")
    assert done.returncode == 2
    assert "`run_dir` must be a folder that can be written" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "pretrain",
        "linear_probe",
        "baseline",
        "compare",
        "benchmark",
        "finetune",
        "sweep",
        "evaluate",
    ],
)
def test_help_lists_every_flag_without_importing_tensorflow(tmp_path, script):
    _, *rest = command(script, "--help")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *rest],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "absl.flags" in imported
    assert not imported & {"tensorflow", "keras", "sklearn", "matplotlib.figure"}
    for flag in ("--data_dir: ", "--image_size: ", "--labels_per_class: ", "--[no]resume: "):
        expected = {
            "--labels_per_class: ": script not in ("pretrain", "benchmark", "evaluate"),
            "--[no]resume: ": script not in ("linear_probe", "benchmark", "evaluate"),
        }
        assert (flag in done.stdout) is expected.get(flag, True)
