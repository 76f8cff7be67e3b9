"""The benchmark with the smallest sizes: its script, and every part of it in this process."""

import importlib.util
import json
import os
import subprocess
import types

import pytest

import simclr_tf
from experiments.benchmarks import benchmark, plan, worker
from experiments.benchmarks.settings import BenchmarkSettings
from tests.experiments.conftest import run_script, succeeded
from tests.forked import ForkedPopen

SMALLEST = {
    "encoder": "resnet10",
    "widths": "0.125",
    "accuracy_width": 0.125,
    "accuracy_minutes": 0.001,
    "image_size": 8,
    "batch_size": 8,
    "cached_batch_size": 8,
    "microbatch_size": 4,
    "plain_batch_size": 4,
    "large_image_size": 16,
    "large_batch_size": 2,
    "loss_pairs": 16,
    "large_loss_pairs": 32,
    "input_pictures": 16,
    "folder_image_size": 32,
    "search_pictures": 64,
    "search_queries": 4,
    "search_size": 8,
    "opened_pictures": 64,
    "metrics_pictures": 64,
    "page_pictures": 16,
    "repeats": 1,
    "repeat_seconds": 0,
    "threads": 1,
}
# For the workers alone: other modules start programs that are not Python's.
FORKED_SUBPROCESS = types.SimpleNamespace(**{**vars(subprocess), "Popen": ForkedPopen})
STEP_TASKS = {
    f"experiments.benchmarks.ours.{task}"
    for task in ("gradient_caching:peak_memory", "waiting:waited", "input:memory_growth")
}
KEYS = ("part", "case", "ours", "peer", "peer_name", "unit", "ratio", "target")
# `embed_folder` and `search` are measured apart.
ALONE = ("pretrain", "loss", "input", "import")


def each_task_once(settings, data_dir):
    """The plan without what does the work of a case before it with other arguments.

    Without the tasks either that benchmarks/test_step_tasks.py runs with a smaller network.
    """
    cases = {}
    for case in plan.plan(settings, data_dir):
        if case.ours.task not in STEP_TASKS:
            cases.setdefault((case.part, case.ours.task), case)
    return list(cases.values())


@pytest.fixture(scope="module")
def measured(workplace):
    """From settings to what is printed and what is written; pictures lie in `pictures`."""

    def measure(name, splits=None, cases=plan.plan, **settings):
        lines = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, "subprocess", FORKED_SUBPROCESS)
            patch.setattr(benchmark, "plan", cases)
            benchmark.benchmark(
                BenchmarkSettings(**{**SMALLEST, "peers": "", **settings}),
                workplace / name,
                os.fspath(workplace / "pictures"),
                splits,
                lines.append,
            )
        return lines, json.loads((workplace / name / "benchmark.json").read_text())

    return measure


@pytest.fixture(scope="module")
def against_keras(measured, once):
    settings = {"part": "step,embed", "peers": "keras", "cases": each_task_once}
    return once("against_keras", lambda: measured("bench_keras", **settings))


@pytest.fixture(scope="module")
def alone(measured, once):
    settings = {"part": ",".join(ALONE), "cases": each_task_once}
    return once("measured_alone", lambda: measured("bench_alone", **settings))


@pytest.mark.slow
def test_the_script_prints_and_writes_what_was_measured(workplace):
    flags = [f"--{name}={value}" for name, value in SMALLEST.items()]
    arguments = (*flags, "--part=augment", "--peers=keras", "--output_dir=bench_script")
    printed = succeeded(workplace, "benchmark", *arguments)
    result = json.loads((workplace / "bench_script/benchmark.json").read_text())
    assert {row["part"] for row in result["rows"]} == {"augment"}
    assert [row["failures"] for row in result["rows"] if row["failures"]] == []
    assert (workplace / "bench_script/benchmark.png").is_file()
    assert "Results: bench_script/benchmark.json, bench_script/benchmark.png" in printed
    versions = result["versions"]
    assert versions["tensorflow"] and versions["keras"]
    assert f"[ours: tensorflow {versions['tensorflow']}, keras {versions['keras']}, " in printed


@pytest.mark.slow
def test_every_part_is_measured(against_keras, alone):
    rows = [row for _, result in (against_keras, alone) for row in result["rows"]]
    assert {row["part"] for row in rows} == {"step", "embed", *ALONE}
    assert all(tuple(row)[: len(KEYS)] == KEYS for row in rows)
    assert [row["failures"] for row in rows if row["failures"]] == []
    assert all(row["ours"] is not None for row in rows)


@pytest.mark.slow
def test_versions_and_settings_are_written(against_keras):
    _, result = against_keras
    assert set(result) == {"rows", "versions", "machine", "settings"}
    assert result["versions"]["tensorflow"] and result["settings"]["encoder"] == "resnet10"


@pytest.mark.slow
def test_the_threads_of_every_process_are_written_and_shown(against_keras):
    lines, result = against_keras
    assert result["machine"]["threads"] == {
        "ours tensorflow": 1,
        "keras tensorflow": 1,
        "plain tensorflow": 1,
    }
    assert any("1 tensorflow threads]" in line for line in lines)


@pytest.mark.slow
def test_the_large_loss_is_equal_to_the_plain_formula(alone):
    (row,) = [row for row in alone[1]["rows"] if "relative error" in row["case"]]
    assert row["ours"] < 1e-5 and row["ratio"] > 1


@pytest.mark.slow
def test_search_is_held_against_faiss_and_its_limits(measured):
    _, result = measured("bench_search", part="search")
    rows = {row["case"]: row for row in result["rows"]}
    assert [row["failures"] for row in rows.values() if row["failures"]] == []
    assert all(row["ours"] is not None for row in rows.values())
    assert rows["exact, 4 queries in 64 x 8, top 10"]["peer_name"] == "FAISS alone"
    assert rows["hnsw, 4 queries in 64 x 8, top 10, recall"]["ours"] == 1
    assert [row["peer_name"] for row in rows.values() if row["peer_name"]] == [
        *("FAISS alone", "limit", "limit", "limit of 1 s"),
        *("limit of 1 GiB", "limit of 1 s"),
    ]


@pytest.mark.slow
def test_a_given_folder_is_embedded_beside_its_encoder_alone(measured):
    _, result = measured("bench_folder", part="embed_folder")
    (row,) = result["rows"]
    assert row["failures"] == {} and row["peer_name"] == "the encoder alone"
    assert row["ours"] > 0 and row["ratio"] > 0


@pytest.mark.slow
def test_the_loss_is_compared_by_the_size_of_its_blocks(measured):
    lines, result = measured("bench_parts", part="loss", block_sizes="4,8", large_loss_pairs=0)
    assert [row["failures"] for row in result["rows"] if row["failures"]] == []
    (head,) = (place for place, line in enumerate(lines) if line.strip().startswith("16 pairs, s"))
    assert [line[:11] for line in lines[head + 1 : head + 4]] == [
        "default    ",
        "blocks of 4",
        "blocks of 8",
    ]


@pytest.mark.slow
def test_many_classes_are_fine_tuned(measured):
    settings = {"many_classes": 10, "many_class_pictures": 2}
    _, result = measured("bench_classes", part="many_classes", **settings)
    assert [row["failures"] for row in result["rows"] if row["failures"]] == []
    start, rate, memory = (row["ours"] for row in result["rows"])
    assert start > 0 and rate > 0 and memory > 0


@pytest.fixture(scope="module")
def splits(workplace):
    return simclr_tf.load_pictures(data_dir=workplace / "pictures", image_size=8)


@pytest.mark.slow
def test_accuracy_trains_and_probes_on_the_given_pictures(measured, splits):
    _, result = measured("bench_accuracy", splits, part="accuracy")
    (neighbours, probe) = result["rows"]
    assert neighbours["case"].endswith("kNN-200")
    assert probe["case"].endswith("probe with all labels")
    assert all(0 <= row["ours"] <= 1 for row in result["rows"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["augment,step,pretrain,loss,input,embed", "accuracy"], ids=["speed", "accuracy"]
)
def test_pytorch_and_lightly_do_the_same_work(measured, splits, part):
    for package in ("torch", "torchvision", "lightly"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f'{package} is not installed: pip install -e ".[bench]"')
    _, result = measured("bench_torch", splits, part=part, peers="lightly,tuned")
    assert [row["failures"] for row in result["rows"] if row["failures"]] == []
    named = {row["peer_name"] for row in result["rows"]}
    assert {"lightly as documented", "PyTorch tuned"} <= named


def test_a_part_that_does_not_exist_is_answered_in_one_line(workplace):
    done = run_script(workplace, "benchmark", "--part=speed")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: `part` must be one of: augment, step, pretrain")
    assert len(done.stderr.splitlines()) == 1


def test_peers_that_are_not_installed_are_answered_in_one_line(workplace):
    if importlib.util.find_spec("lightly") is not None:
        pytest.skip("lightly is installed")
    done = run_script(workplace, "benchmark", "--part=step", "--output_dir=bench_missing")
    assert done.returncode == 2
    assert 'pip install "simclr_tf[bench]"' in done.stderr
    assert not (workplace / "bench_missing").exists()
