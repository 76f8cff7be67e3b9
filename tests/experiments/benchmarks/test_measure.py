import dataclasses

import pytest

from experiments.benchmarks.cases import Case, Contestant, Limit
from experiments.benchmarks.measure import Pool, measure, ratio
from experiments.benchmarks.worker import WorkerFailed

SCHEMA = ("part", "case", "ours", "peer", "peer_name", "unit", "ratio", "target")


class FakeProcess:
    """Gives the values in its task's arguments one after the other; notes every call."""

    def __init__(self, log):
        self.log = log
        self.values = iter(())
        self.name = "?"

    def prepare(self, task, arguments, repeat_seconds=0):
        self.name = task
        self.log.append(f"prepare {task}")
        self.values = iter(arguments["values"])

    def run(self):
        self.log.append(f"run {self.name}")
        value = next(self.values)
        if isinstance(value, str):
            raise WorkerFailed(value)
        return value

    def describe(self):
        return {}

    def close(self):
        self.log.append(f"close {self.name}")


def contestant(name, *values, target=None):
    return Contestant(name, name, name, {"values": values}, f"{name} as it is", target)


def measured(case, repeats=3):
    log = []
    with Pool(lambda fresh: FakeProcess(log), repeat_seconds=1.0) as pool:
        return measure(case, pool, repeats), log


def a_case(ours, *peers, **more):
    return Case("step", "small", "views/s", ours, peers, **more)


def test_contestants_take_turns():
    _, log = measured(a_case(contestant("ours", 1, 1), contestant("peer", 1, 1)), repeats=2)
    assert log == [
        *("prepare ours", "prepare peer"),
        *("run ours", "run peer", "run ours", "run peer"),
        *("close ours", "close peer"),
    ]


def test_fresh_contestants_take_turns_in_processes_of_their_own():
    case = a_case(contestant("ours", 1), contestant("peer", 1), fresh=True)
    _, log = measured(case, repeats=2)
    one = ["prepare ours", "run ours", "close ours", "prepare peer", "run peer", "close peer"]
    assert log == one + one


def test_a_row_holds_the_medians_and_their_ratio():
    case = a_case(contestant("ours", 9, 2, 3), contestant("peer", 1, 8, 2, target=1.2))
    (row,), _ = measured(case)
    assert tuple(row)[: len(SCHEMA)] == SCHEMA
    # Medians of (9, 2, 3) and (1, 8, 2): 3 and 2, so 1.5 times.
    assert [row[key] for key in SCHEMA] == [
        *("step", "small", 3, 2, "peer", "views/s", 1.5, 1.2),
    ]
    assert row["ours_values"] == [9, 2, 3] and row["peer_values"] == [1, 8, 2]
    assert row["ours_setting"] == "ours as it is" and row["peer_setting"] == "peer as it is"


def test_there_is_a_row_for_each_peer_and_one_for_the_limit():
    case = a_case(
        contestant("ours", 4),
        contestant("first", 2),
        contestant("second", 8),
        limit=Limit("limit", 16.0),
        higher_is_better=False,
    )
    rows, _ = measured(case, repeats=1)
    assert [(row["peer_name"], row["ratio"], row["target"]) for row in rows] == [
        ("first", 0.5, None),
        ("second", 2, None),
        ("limit", 4, 1.0),
    ]


def test_without_a_peer_the_row_holds_ours_alone():
    (row,), _ = measured(a_case(contestant("ours", 4)), repeats=1)
    assert (row["ours"], row["peer"], row["peer_name"], row["ratio"]) == (4, None, None, None)


def test_a_peer_that_fails_drops_out_and_the_row_says_why():
    case = a_case(contestant("ours", 1, 1, 1), contestant("peer", 1, "out of memory", 1))
    (row,), log = measured(case)
    assert (row["ours"], row["peer"], row["ratio"]) == (1, None, None)
    assert row["failures"] == {"peer": "out of memory"}
    assert log.count("run peer") == 2 and log.count("run ours") == 3


def test_a_process_that_failed_is_replaced_for_the_next_case():
    log = []
    with Pool(lambda fresh: FakeProcess(log), repeat_seconds=1.0) as pool:
        measure(a_case(contestant("ours", "dead")), pool, 1)
        (row,) = measure(a_case(contestant("ours", 5)), pool, 1)
    assert row["ours"] == 5


def test_a_case_may_ask_for_fewer_repeats():
    _, log = measured(a_case(contestant("ours", 1, 1, 1), repeats=2), repeats=3)
    assert log.count("run ours") == 2


@pytest.mark.parametrize(
    ("ours", "peer", "higher_is_better", "expected"),
    [
        (300, 100, True, 3),
        (100, 300, False, 3),
        (300, 100, False, 1 / 3),
        (None, 100, True, None),
        (100, None, True, None),
        (100, 0, True, None),
        (-1, 5, False, None),
    ],
)
def test_the_ratio_is_above_1_where_ours_is_better(ours, peer, higher_is_better, expected):
    assert ratio(ours, peer, higher_is_better) == expected


def test_contestants_that_take_turns_may_not_share_a_process():
    ours = contestant("ours", 1)
    with pytest.raises(ValueError, match="`peers` must each have a process of their own"):
        a_case(ours, dataclasses.replace(ours, name="other"))
