import pytest

from experiments.endurance.soak import held, summary


def samples(megabytes, open_files=None):
    return [
        {
            "seconds": float(number),
            "epoch": number + 1,
            "megabytes": value,
            "open_files": 9 if open_files is None else open_files[number],
            "threads": 4,
        }
        for number, value in enumerate(megabytes)
    ]


def test_growth_compares_the_begin_and_the_end_after_the_warm_up():
    # 21 samples, seconds 0 to 20: from second 5 on there are 16, a fifth is 3.
    values = [500.0] * 5 + [100.0, 100.0, 300.0] + [120.0] * 10 + [110.0, 110.0, 300.0]
    found = summary(samples(values))
    # Medians 100 and 110.
    assert found["memory_growth"] == pytest.approx(0.1)
    assert (found["seconds"], found["epochs"]) == (20.0, 21)


def test_the_range_of_open_files_leaves_the_warm_up_out():
    found = summary(samples([1.0] * 8, open_files=[1, 2, 9, 9, 9, 10, 9, 9]))
    assert found["open_files"] == {"least": 9, "most": 10}


def test_one_sample_has_no_growth():
    assert summary(samples([5.0]))["memory_growth"] == 0


def test_what_is_held_is_seen_to_grow(tmp_path):
    before = held()
    with open(tmp_path / "file", "w"):
        assert held()["open_files"] == before["open_files"] + 1
    assert before["megabytes"] > 5 and before["threads"] >= 1
