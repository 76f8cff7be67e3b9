import dataclasses
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from simclr_tf.runs import RunFolder
from simclr_tf.runs import run_folder as run_folder_module
from simclr_tf.runs.locks import lock_folder
from simclr_tf.runs.versions import make_next_version


@pytest.fixture
def run(tmp_path):
    with RunFolder.create(tmp_path / "run", {"seed": 3}) as run:
        yield run


def test_a_run_is_the_next_version(tmp_path):
    runs = [RunFolder.create(tmp_path, {}) for _ in range(3)]
    assert [run.version for run in runs] == [0, 1, 2]
    assert [run.path for run in runs] == [tmp_path / f"version_{number}" for number in range(3)]


def test_the_config_is_on_disk_with_versions_time_and_command(run):
    config = json.loads((run.path / "config.json").read_text())
    assert config["seed"] == 3
    assert set(config["versions"]) == {"python", "simclr_tf", "tensorflow", "keras", "numpy"}
    assert datetime.datetime.fromisoformat(config["created"]).utcoffset() == datetime.timedelta(0)
    assert config["command"] == sys.argv


def test_the_config_is_written_before_anything_else(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(run_folder_module, "write_json", fail)
    with pytest.raises(OSError, match="disk full"):
        RunFolder.create(tmp_path, {})
    assert [path.name for path in (tmp_path / "version_0").iterdir()] == [".lock"]


def test_the_config_is_read_back_as_it_was_given(tmp_path):
    given = {"seed": 3, "scale": (0.2, 1.0), "data_dir": pathlib.PurePosixPath("pictures")}
    with RunFolder.create(tmp_path, given) as created:
        assert created.config == {"seed": 3, "scale": [0.2, 1.0], "data_dir": "pictures"}
    with RunFolder.resume(tmp_path) as resumed:
        assert resumed.config == created.config


@pytest.mark.parametrize("name", ["versions", "created", "command"])
def test_a_config_that_would_be_overwritten_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"`config` must not use the names .* Received: .'{name}'"):
        RunFolder.create(tmp_path, {name: 1})
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_have_a_folder(run):
    assert run.checkpoint_path == run.path / "checkpoints"
    assert run.checkpoint_path.is_dir()


def test_resume_opens_the_newest_version(tmp_path):
    for seed in range(2):
        RunFolder.create(tmp_path, {"seed": seed}).close()
    with RunFolder.resume(tmp_path) as run:
        assert (run.version, run.config, run.finished) == (1, {"seed": 1}, False)


def test_resume_tells_that_the_newest_version_is_finished(tmp_path):
    RunFolder.create(tmp_path, {}).close()
    with RunFolder.create(tmp_path, {}) as newest:
        newest.mark_finished({"loss": 0.5})
    run = RunFolder.resume(tmp_path)
    assert (run.version, run.finished) == (1, True)


def test_a_version_that_never_got_its_config_is_passed_over(tmp_path):
    RunFolder.create(tmp_path, {}).close()
    (tmp_path / "version_1").mkdir()
    with RunFolder.resume(tmp_path) as run:
        assert run.version == 0
    with RunFolder.create(tmp_path, {}) as run:
        assert run.version == 2


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "holds none"),
        (lambda path: path.touch(), "is a file"),
    ],
)
def test_resume_says_what_it_found_instead_of_a_run(tmp_path, make, what):
    path = tmp_path / "run"
    make(path)
    message = rf"`run_dir` must be a folder in which a run was started .*'{path}', which {what}$"
    with pytest.raises(ValueError, match=message):
        RunFolder.resume(path)


def test_a_version_is_read_while_another_process_trains_in_it(run):
    seen = RunFolder.read(run.path)
    assert (seen.version, seen.config, seen.finished) == (0, {"seed": 3}, False)


def test_resume_names_a_config_that_is_not_json(tmp_path):
    RunFolder.create(tmp_path, {}).close()
    (tmp_path / "version_0" / "config.json").write_text("{")
    with pytest.raises(ValueError, match="version_0/config.json' must hold JSON: "):
        RunFolder.resume(tmp_path)


def test_finished_json_holds_the_summary_and_the_time(run):
    run.mark_finished({"loss": np.float32(0.5)})
    finished = json.loads((run.path / "finished.json").read_text())
    assert finished["loss"] == 0.5
    assert datetime.datetime.fromisoformat(finished["finished"]).utcoffset() is not None


# === Lock ===


def test_a_run_in_use_cannot_be_resumed(run):
    message = f"`run_dir` is in use by another process .* Received: '{run.path}'"
    with pytest.raises(ValueError, match=message):
        RunFolder.resume(run.path.parent)


def test_a_new_version_can_be_made_while_another_is_in_use(run):
    with RunFolder.create(run.path.parent, {}) as other:
        assert other.version == run.version + 1


def test_closing_releases_the_run(run):
    run.close()
    with RunFolder.resume(run.path.parent) as resumed:
        assert resumed.version == run.version


def test_a_run_can_be_closed_twice(run):
    run.close()
    run.close()


def test_a_run_that_nobody_holds_any_more_is_released(tmp_path):
    run = RunFolder.create(tmp_path, {})
    del run
    RunFolder.resume(tmp_path).close()


def test_a_killed_process_leaves_no_lock_behind(tmp_path):
    program = f"""
        import time
        from simclr_tf.runs import RunFolder
        run = RunFolder.create({str(tmp_path)!r}, {{}})
        print("locked", flush=True)
        time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "locked\n"
        with pytest.raises(ValueError, match="in use by another process"):
            RunFolder.resume(tmp_path)
        process.send_signal(signal.SIGKILL)
    with RunFolder.resume(tmp_path) as run:
        assert run.version == 0


def test_a_lock_that_cannot_be_opened_is_a_readable_error(tmp_path):
    RunFolder.create(tmp_path, {}).close()
    lock = tmp_path / "version_0" / ".lock"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(ValueError, match=r"`run_dir` must be a folder that can be written \("):
        RunFolder.resume(tmp_path)


# === Files ===


def test_json_and_csv_are_written_into_the_folder(run):
    assert run.write_json("result.json", {"a": 1}) == run.path / "result.json"
    assert run.write_csv("table.csv", [{"a": 1}]) == run.path / "table.csv"
    assert json.loads((run.path / "result.json").read_text()) == {"a": 1}
    assert (run.path / "table.csv").read_text() == "a\n1\n"


@dataclasses.dataclass(frozen=True)
class Picture:
    path: str
    reason: str


def test_skipped_pictures_are_listed_with_their_reasons(run):
    run.write_skipped([Picture("a/1.jpg", "truncated, at byte 12")])
    text = (run.path / "skipped.csv").read_text()
    assert text == 'path,reason\na/1.jpg,"truncated, at byte 12"\n'


def test_resuming_removes_what_a_killed_process_left(tmp_path):
    with RunFolder.create(tmp_path, {}) as run:
        for folder in (run.path, run.checkpoint_path):
            (folder / f".metrics.csv.{'a1' * 16}.tmp").write_text("half")
    with RunFolder.resume(tmp_path) as run:
        assert sorted(path.name for path in run.path.rglob(".*")) == [".lock"]


def begin_and_die(run_dir):
    """What is left of a process that is killed while it writes config.json."""
    path = make_next_version(run_dir)
    (path / ".lock").write_text("process 1 on a machine\n")
    (path / f".config.json.{'a1' * 16}.tmp").write_text('{"seed"')
    return path


def test_a_new_version_clears_one_that_died_before_it_began(tmp_path):
    dead = begin_and_die(tmp_path)
    with RunFolder.create(tmp_path, {}) as run:
        assert run.version == 1
        assert [path.name for path in dead.iterdir()] == [".lock"]


def test_resuming_clears_a_version_that_died_before_it_began(tmp_path):
    RunFolder.create(tmp_path, {}).close()
    dead = begin_and_die(tmp_path)
    with RunFolder.resume(tmp_path) as run:
        assert run.version == 0
        assert [path.name for path in dead.iterdir()] == [".lock"]


def test_resuming_where_every_version_died_says_so_and_clears_them(tmp_path):
    dead = begin_and_die(tmp_path)
    with pytest.raises(ValueError, match="must be a folder in which a run was started"):
        RunFolder.resume(tmp_path)
    assert [path.name for path in dead.iterdir()] == [".lock"]


def test_a_version_that_another_process_is_beginning_is_left_alone(tmp_path):
    beginning = begin_and_die(tmp_path)
    lock = lock_folder(beginning)
    before = sorted(beginning.iterdir())
    RunFolder.create(tmp_path, {}).close()
    assert sorted(beginning.iterdir()) == before
    os.close(lock)


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,loss\n1\n",
        b"epoch\n1,2\n",
        b"loss\n1\n",
        b"epoch\nx\n",
        b"epoch\nnan\n",
        b'epoch\n"1\n',
        b"epoch\n\xff\n",
    ],
)
def test_a_damaged_table_of_metrics_is_named(run, content):
    (run.path / "metrics.csv").write_bytes(content)
    with pytest.raises(ValueError, match="version_0/metrics.csv' must be a table of epochs: "):
        run.read_metrics()


def test_skipped_csv_has_a_header_when_nothing_was_skipped(run):
    run.write_skipped(())
    assert (run.path / "skipped.csv").read_text() == "path,reason\n"


def metrics_text(run):
    return (run.path / "metrics.csv").read_text()


def test_each_epoch_adds_a_row(run):
    run.append_metrics({"epoch": 1, "loss": np.float32(2.5)})
    run.append_metrics({"epoch": 2, "loss": 1.25})
    assert metrics_text(run) == "epoch,loss\n1,2.5\n2,1.25\n"


def test_numbers_are_written_to_the_last_digit(run):
    values = [0.1, 1 / 3, np.float64(2) ** 0.5, float(np.float32(0.1))]
    for epoch, value in enumerate(values):
        run.append_metrics({"epoch": epoch, "loss": value})
    assert [float(row["loss"]) for row in run.read_metrics()] == values


def test_columns_keep_their_places_when_a_row_has_others(run):
    run.append_metrics({"epoch": 1, "loss": 3})
    run.append_metrics({"probe_accuracy": 0.5, "epoch": 2})
    run.append_metrics({"loss": 1, "epoch": 3})
    assert metrics_text(run) == "epoch,loss,probe_accuracy\n1,3,\n2,,0.5\n3,1,\n"


def test_epochs_trained_again_after_a_resume_replace_the_old_rows(tmp_path):
    with RunFolder.create(tmp_path, {}) as run:
        for epoch in (1, 2, 3, 4):
            run.append_metrics({"epoch": epoch, "loss": 0.5})
    with RunFolder.resume(tmp_path) as run:
        run.append_metrics({"epoch": 3, "loss": 0.25})
        assert metrics_text(run) == "epoch,loss\n1,0.5\n2,0.5\n3,0.25\n"


def test_rows_after_an_epoch_can_be_dropped_when_resuming(run):
    for epoch in (1, 2, 3):
        run.append_metrics({"epoch": epoch, "loss": epoch / 2})
    run.drop_metrics_after(2)
    assert metrics_text(run) == "epoch,loss\n1,0.5\n2,1.0\n"


def test_dropping_every_row_keeps_the_header(run):
    run.append_metrics({"epoch": 1, "loss": 0.5})
    run.drop_metrics_after(0)
    assert metrics_text(run) == "epoch,loss\n"
    assert run.read_metrics() == []


def test_there_is_nothing_to_drop_before_the_first_epoch(run):
    run.drop_metrics_after(0)
    assert not (run.path / "metrics.csv").exists()


def test_rows_that_stay_are_not_changed_by_being_rewritten(run):
    run.append_metrics({"epoch": 1, "loss": 1e-17, "note": 'a,\n"b"'})
    before = metrics_text(run)
    run.append_metrics({"epoch": 2})
    assert metrics_text(run).startswith(before)


def test_a_row_without_epoch_is_refused(run):
    with pytest.raises(ValueError, match="`row` must have an `epoch`. Received: row={'loss': 1}"):
        run.append_metrics({"loss": 1})
