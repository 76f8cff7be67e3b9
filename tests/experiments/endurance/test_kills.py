import io
import os
import pathlib
import time

import numpy as np
import pytest

from experiments.endurance.child import Child, Ending
from experiments.endurance.deaths import DeathWhileWriting
from experiments.endurance.kills import damaged_files, differences, endure_kills
from experiments.endurance.settings import EnduranceSettings
from simclr_tf.files import written_beside
from simclr_tf.runs import RunFolder, list_versions

# Python warns of forks beside other threads; these children run nothing that had any.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
STEPS = 6


def read_state(path):
    if not path.exists():
        return 0, 1.0
    with np.load(path, allow_pickle=False) as state:
        return int(state["step"]), float(state["value"])


def save_state(path, step, value):
    with written_beside(path) as file:
        np.savez(file, step=step, value=value)


def count(job, run_dir, save=save_state, start=read_state):
    """A run without a network: six steps with a checkpoint and a row each."""
    begun = any((version / "config.json").is_file() for version in list_versions(run_dir))
    with RunFolder.resume(run_dir) if begun else RunFolder.create(run_dir, {}) as run:
        if run.finished:
            return
        step, value = start(run.checkpoint_path / "state.npz")
        for done in range(step + 1, STEPS + 1):
            value = value * 1.25 + done
            run.append_metrics({"epoch": done, "loss": value, "epoch_seconds": time.monotonic()})
            save(run.checkpoint_path / "state.npz", done, value)
        save_state(run.path / "final_state.npz", STEPS, value)
        run.mark_finished({})


def endured(tmp_path, job, kills=12):
    return endure_kills(tmp_path, EnduranceSettings(kills=kills), job)


def test_runs_that_resume_rightly_lose_nothing(tmp_path):
    result = endured(tmp_path, count)
    assert result["kills"] == sum(result["kills_by_moment"].values()) == 12
    assert result["faults"] == []
    assert result["runs_that_end_bit_equal"] == result["runs"] >= 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calls.txt",
        "unbroken",
        "unbroken.log",
    ]


def test_a_file_that_is_written_in_place_is_found_damaged(tmp_path):
    def save(path, step, value):
        content = io.BytesIO()
        np.savez(content, step=step, value=value)
        with open(path, "wb") as file:
            for part in np.array_split(np.frombuffer(content.getvalue(), np.uint8), 8):
                file.write(part.tobytes())
                file.flush()
                os.fsync(file.fileno())

    def start(path):
        try:
            return read_state(path)
        except Exception:
            return 0, 1.0

    result = endured(tmp_path, lambda job, folder: count(job, folder, save, start), kills=40)
    assert result["corrupt_files"] > 0
    assert "state.npz" in result["faults"][0]


def test_a_run_that_goes_on_from_elsewhere_is_found_to_end_otherwise(tmp_path):
    def start(path):
        step, value = read_state(path)
        return step, value + 0.5 if step else value

    result = endured(tmp_path, lambda job, folder: count(job, folder, start=start), kills=20)
    assert result["runs_that_end_bit_equal"] < result["runs"]
    assert any("other weights" in fault for fault in result["faults"])


def test_a_run_that_cannot_be_resumed_is_lost(tmp_path):
    def start(path):
        if path.exists():
            raise ValueError("cannot go on")
        return 0, 1.0

    result = endured(tmp_path, lambda job, folder: count(job, folder, start=start), kills=20)
    assert result["lost_runs"] > 0
    assert "run_0" in result["faults"][0]


def test_a_job_that_fails_by_itself_is_no_test(tmp_path):
    def fail(job, folder):
        raise RuntimeError("broken")

    with pytest.raises(ValueError, match="An unbroken run does not end well, see .*unbroken.log"):
        endured(tmp_path, fail)
    assert "RuntimeError: broken" in (tmp_path / "unbroken.log").read_text()


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_process_dies_at_the_call_that_is_named(tmp_path, place):
    def work():
        DeathWhileWriting(place).install()
        for number in range(9):
            save_state(tmp_path / "state.npz", number, 0.0)

    assert Child(work, tmp_path / "log").wait() == Ending(None, 9)
    # Each save makes three calls: the file, the rename, the folder.
    assert read_state(tmp_path / "state.npz")[0] in (place // 3 - 1, place // 3, 0)


def test_a_child_s_failure_is_written_down(tmp_path):
    def work():
        raise RuntimeError("too bad")

    assert Child(work, tmp_path / "log").wait() == Ending(1, None)
    assert "RuntimeError: too bad" in (tmp_path / "log").read_text()


def test_a_child_can_be_waited_for_in_vain_and_killed(tmp_path):
    child = Child(lambda: time.sleep(60), tmp_path / "log")
    assert child.wait(0.01) is None
    assert child.kill() == Ending(None, 9)
    assert child.processor_seconds() == 0


@pytest.fixture
def finished(tmp_path):
    count("", tmp_path / "a")
    count("", tmp_path / "b")
    return tmp_path


def test_runs_that_ended_alike_have_no_differences_and_no_damage(finished):
    assert differences(finished / "a", finished / "b") == []
    assert damaged_files(finished / "a") == []


@pytest.mark.parametrize("name", ["config.json", "metrics.csv", "final_state.npz"])
def test_every_damaged_file_is_named(finished, name):
    path = finished / "a/version_0" / name
    path.write_bytes(path.read_bytes()[:-20] + b'"')
    assert any(fault.startswith(f"{path}: ") for fault in damaged_files(finished / "a"))


def test_other_metrics_are_a_difference(finished):
    path = pathlib.Path(finished / "b/version_0/metrics.csv")
    path.write_text(path.read_text().replace("2.25", "2.26"))
    assert differences(finished / "a", finished / "b") == [f"{path.parent}: other metrics"]


def test_a_job_that_never_ends_alike_is_no_test(tmp_path):
    def start(path):
        return 0, time.monotonic()

    with pytest.raises(ValueError, match="Two unbroken runs end otherwise: .*other metrics"):
        endured(tmp_path, lambda job, folder: count(job, folder, start=start))
