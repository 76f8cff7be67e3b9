import json

from tests.experiments.conftest import run_script, succeeded


def table(folder, test, *arguments):
    output = succeeded(folder, "endure", f"--test={test}", "--output_dir=out", *arguments)
    assert f"Results: out/{test}.json" in output
    return json.loads((folder / "out" / f"{test}.json").read_text())


def test_killed_runs_end_as_unbroken_ones(tmp_path):
    found = table(tmp_path, "kills", "--kills=1")
    assert found["kills"] == 1 and found["faults"] == []
    assert found["runs_that_end_bit_equal"] == found["runs"] >= 1
    assert found["settings"]["job"] == "loop"
    assert not (tmp_path / "out/kills_failures").exists()


def test_damaged_files_of_every_kind_end_well(tmp_path):
    found = table(tmp_path, "mutations", "--inputs=120")
    assert found["failures"] == []
    assert found["inputs"] == 120
    names = {"picture.png", "coco", "manifest", "config", "checkpoint", "embeddings", "index_hnsw"}
    assert names <= set(found["counts"])


def test_a_soak_measures_memory_and_files(tmp_path):
    found = table(tmp_path, "soak", "--minutes=0.05")
    assert found["epochs"] >= 1 and found["samples"]
    assert found["open_files"]["most"] > 0 and abs(found["memory_growth"]) < 0.5


def test_an_unknown_test_is_refused(tmp_path):
    done = run_script(tmp_path, "endure", "--test=drop")
    assert done.returncode == 2
    assert "`test` must be one of: kills, mutations, soak. Received: test='drop'" in done.stderr
    assert not list(tmp_path.iterdir())
