import pytest

from simclr_tf.protocols import run_sweep
from simclr_tf.runs import RunFolder
from tests.protocols.made_runs import make_record, make_run


class Trainer:
    """Makes runs as a script would; what it is told to do comes by margin."""

    def __init__(self, run_dir, **told):
        self.run_dir = run_dir
        self.told = told
        self.calls = []

    def __call__(self, values, resume):
        self.calls.append((values["margin"], resume))
        told = self.told.get(f"at_{values['margin']:g}".replace(".", "_"), "finish")
        if told == "refuse":
            return "the labels do not suffice"
        if told == "stop":
            make_run(self.run_dir, finish=False)
            raise KeyboardInterrupt
        if told == "crash":
            make_run(self.run_dir, finish=False)
            return "killed by SIGKILL"
        if told == "nothing":
            return None
        if resume:
            with RunFolder.resume(self.run_dir) as run:
                run.mark_finished({})
        else:
            make_run(self.run_dir)
        return None


def swept(run_dir, *grid, **options):
    """Runs a sweep; returns its record and the calls of the trainer."""
    record = make_record(run_dir, *(grid or ("margin=0.1,0.2,0.3",)))
    names = ("retry_failed", "on_start", "on_end")
    given = {name: options.pop(name) for name in names if name in options}
    trainer = Trainer(run_dir, **options)
    run_sweep(record, trainer, **given)
    return record, trainer.calls


def known(record):
    return [(run.status, run.version) for run in record.runs]


def test_every_run_is_the_next_version(tmp_path):
    record, calls = swept(tmp_path)
    assert calls == [(0.1, False), (0.2, False), (0.3, False)]
    assert known(record) == [("finished", 0), ("finished", 1), ("finished", 2)]
    assert known(make_record(tmp_path, "margin=0.1,0.2,0.3")) == known(record)


def test_versions_that_were_there_before_are_left_alone(tmp_path):
    make_run(tmp_path, finish=False)
    record, calls = swept(tmp_path, "margin=0.1")
    assert calls == [(0.1, False)]
    assert known(record) == [("finished", 1)]


def test_failed_runs_are_recorded_with_their_reason_and_passed_over(tmp_path):
    record, _ = swept(tmp_path, at_0_1="refuse", at_0_2="crash")
    assert known(record) == [("failed", None), ("failed", 0), ("finished", 1)]
    reasons = [run.reason for run in record.runs]
    assert reasons == ["the labels do not suffice", "killed by SIGKILL", ""]
    assert swept(tmp_path)[1] == []


def test_failed_runs_begin_anew_where_that_is_asked_for(tmp_path):
    swept(tmp_path, at_0_1="refuse", at_0_3="crash")
    record, calls = swept(tmp_path, retry_failed=True)
    assert calls == [(0.1, False), (0.3, False)]
    assert known(record) == [("finished", 2), ("finished", 0), ("finished", 3)]
    assert [run.reason for run in record.runs] == ["", "", ""]


def test_a_stopped_sweep_resumes_its_run_and_passes_over_what_is_done(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, at_0_2="stop")
    stopped = make_record(tmp_path, "margin=0.1,0.2,0.3")
    assert known(stopped) == [("finished", 0), ("started", 1), ("waiting", None)]
    record, calls = swept(tmp_path)
    assert calls == [(0.2, True), (0.3, False)]
    assert known(record) == [("finished", 0), ("finished", 1), ("finished", 2)]


def test_a_stopped_run_that_is_not_the_newest_version_begins_anew(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, at_0_2="stop")
    make_run(tmp_path)
    record, calls = swept(tmp_path)
    assert calls == [(0.2, False), (0.3, False)]
    assert known(record) == [("finished", 0), ("finished", 3), ("finished", 4)]


def test_a_run_whose_version_was_deleted_begins_anew(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, "margin=0.1", at_0_1="stop")
    (tmp_path / "version_0").rename(tmp_path / "gone")
    assert swept(tmp_path, "margin=0.1")[1] == [(0.1, False)]


def test_a_run_that_ended_before_it_was_recorded_is_not_repeated(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        swept(tmp_path, at_0_2="stop")
    # As if the sweep alone had been killed, and its run had come to the end.
    with RunFolder.resume(tmp_path) as run:
        run.mark_finished({})
    record, calls = swept(tmp_path)
    assert calls == [(0.3, False)]
    assert known(record)[1] == ("finished", 1)


def test_a_run_that_leaves_nothing_has_failed(tmp_path):
    record, _ = swept(tmp_path, "margin=0.1", at_0_1="nothing")
    assert known(record) == [("failed", None)]
    assert record.runs[0].reason == "it ended without finishing version_0"


def test_start_and_end_of_each_run_are_told(tmp_path):
    told = []
    swept(
        tmp_path,
        "margin=0.1,0.2",
        at_0_1="refuse",
        on_start=lambda run: told.append(run.status),
        on_end=lambda run: told.append(run.status),
    )
    assert told == ["started", "failed", "started", "finished"]
