import json

import pytest

from simclr_tf.protocols.sweep_record import FAILED, FINISHED
from tests.protocols.made_runs import make_base, make_record


def statuses(record):
    return [(run.values["margin"], run.status) for run in record.runs]


def test_what_is_known_of_the_runs_is_read_back(tmp_path):
    record = make_record(tmp_path, "margin=0.1,0.2,0.3")
    record.runs[0].status, record.runs[0].version = FINISHED, 4
    record.runs[2].status, record.runs[2].reason = FAILED, "out of memory"
    record.save()
    again = make_record(tmp_path, "margin=0.1,0.2,0.3")
    assert again.runs == record.runs
    assert again.asked == again.runs
    assert again.folder_of(again.runs[0]) == tmp_path / "version_4"


def test_another_grid_keeps_what_was_begun_and_drops_what_was_not(tmp_path):
    record = make_record(tmp_path, "margin=0.1,0.2,0.3")
    record.runs[0].status = FINISHED
    record.runs[1].status = FAILED
    record.save()
    again = make_record(tmp_path, "margin=0.2,0.5")
    assert statuses(again) == [(0.1, "finished"), (0.2, "failed"), (0.5, "waiting")]
    assert [run.values["margin"] for run in again.asked] == [0.2, 0.5]


def test_a_run_is_known_again_by_all_its_settings(tmp_path):
    record = make_record(tmp_path, "margin=0.1")
    record.runs[0].status = FINISHED
    record.save()
    default = make_base().config()["temperature"]
    again = make_record(tmp_path, "margin=0.1", f"temperature={default},0.9")
    assert [run.status for run in again.runs] == ["finished", "waiting"]
    assert again.names == ["margin", "temperature"]
    # The first run has the default of the setting that its own grid did not have.
    assert again.values_of(again.runs[0]) == {"margin": 0.1, "temperature": default}


def test_a_sweep_of_another_base_is_refused_with_the_differences(tmp_path):
    make_record(tmp_path, "margin=0.1").save()
    message = "`run_dir` must not hold a sweep with other flags; .*: `epochs` was 10 and is now 3"
    with pytest.raises(ValueError, match=message):
        make_record(tmp_path, "margin=0.1", base=make_base(epochs=3))


@pytest.mark.parametrize("content", ["{", "[]", '{"script": "finetune"}', '{"runs": [{"x": 1}]}'])
def test_a_damaged_record_is_named(tmp_path, content):
    (tmp_path / "sweep.json").write_text(content)
    with pytest.raises(ValueError, match="sweep.json' must hold the record of a sweep"):
        make_record(tmp_path, "margin=0.1")


def test_the_record_says_what_the_runs_start_from(tmp_path):
    make_record(tmp_path, "margin=0.1").save()
    content = json.loads((tmp_path / "sweep.json").read_text())
    assert content["script"] == "finetune"
    assert content["base"] == make_base().config()
    assert content["runs"] == [
        {"values": {"margin": 0.1}, "status": "waiting", "version": None, "reason": ""}
    ]
