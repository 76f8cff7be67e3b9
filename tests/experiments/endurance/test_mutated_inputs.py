import os
import signal

import pytest

from experiments.endurance.kinds import Kind, WrongResult
from experiments.endurance.mutated_inputs import (
    FAILED,
    READ,
    REFUSED,
    endure_mutations,
    outcome_of,
)
from experiments.endurance.settings import EnduranceSettings
from simclr_tf.files import read_json

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
GOOD = b'{"a": 1}'


def kind_in(folder, read=None, name="config"):
    path = folder / f"{name}.json"
    path.write_bytes(GOOD)
    return Kind.of_file(name, path, read or (lambda: read_json(path)), is_text=True)


def endured(folder, read=None, **settings):
    settings = EnduranceSettings(**{"inputs": 30, "seconds": 2.0, **settings})
    return endure_mutations(folder, settings, [lambda place: [kind_in(place, read)]])


def raising(error):
    def read():
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "outcome"),
    [
        (lambda: None, READ),
        (raising(ValueError("bad")), REFUSED),
        (raising(OSError("gone")), REFUSED),
        (raising(ValueError()), FAILED),
        (raising(KeyError("a")), FAILED),
        (raising(MemoryError()), FAILED),
        (raising(RecursionError("deep")), FAILED),
        (raising(WrongResult("2 for 1")), FAILED),
    ],
)
def test_an_outcome_is_read_refused_or_failed(tmp_path, read, outcome):
    kind = kind_in(tmp_path, read)
    assert outcome_of(kind, b"[]")[0] == outcome
    assert kind.path.read_bytes() == GOOD


def test_every_input_is_counted_under_its_kind(tmp_path):
    result = endured(tmp_path)
    assert result["inputs"] == 30
    assert result["failures"] == [] and result["failed"] == 0
    assert result["read"] + result["refused"] == 30
    assert result["refused"] == result["counts"]["config"]["refused"] > 0


def test_the_same_seed_damages_alike_and_another_otherwise(tmp_path):
    counts = []
    for number, seed in enumerate((1, 1, 2)):
        (tmp_path / str(number)).mkdir()
        counts.append(endured(tmp_path / str(number), seed=seed, inputs=200)["counts"])
    assert counts[0] == counts[1] != counts[2]


def test_a_reader_that_dies_is_replaced_and_its_input_failed(tmp_path):
    calls = []

    def read():
        calls.append(0)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGKILL)

    result = endured(tmp_path, read, inputs=10)
    # The first call reads the good file: each reader lives for two inputs and dies at its third.
    assert [failure["number"] for failure in result["failures"]] == [2, 5, 8]
    assert "signal=9" in result["failures"][0]["reason"]
    assert result["counts"]["config"] == {"read": 7, "failed": 3}


def test_a_reader_that_hangs_is_stopped(tmp_path):
    calls = []

    def read():
        calls.append(0)
        while len(calls) == 3:
            pass

    result = endured(tmp_path, read, inputs=2, seconds=0.3)
    assert [failure["reason"] for failure in result["failures"]] == ["more than 0.3 s"]
    assert result["inputs"] == 2


def test_a_reader_that_wants_too_much_memory_fails(tmp_path):
    calls = []

    def read():
        calls.append(0)
        if len(calls) > 1:
            bytearray(1 << 30)

    result = endured(tmp_path, read, inputs=1, gigabytes=0.25)
    assert "MemoryError" in result["failures"][0]["reason"]
    assert list(tmp_path.glob("failed_0_config.json"))


def test_kinds_can_be_chosen_by_name(tmp_path):
    makers = [lambda place: [kind_in(place, name=name) for name in ("a", "b", "c")]]
    result = endure_mutations(tmp_path, EnduranceSettings(inputs=4, kinds="a,c"), makers)
    assert sorted(result["counts"]) == ["a", "c"]


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="ended by itself, see .*reader.log"):
        endured(tmp_path, kinds="d")
    assert "`kinds` must be among: config. Received: d" in (tmp_path / "reader.log").read_text()
