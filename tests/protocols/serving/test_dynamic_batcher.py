"""Which pictures are computed together, and what becomes of each."""

import contextlib
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.protocols.serving.dynamic_batcher import DynamicBatcher, batch_sizes

SECONDS = 30


class Computer:
    """Doubles numbers, keeps the batches that it got, and computes none while it is held."""

    def __init__(self):
        self.batches = []
        self.free = threading.Event()
        self.free.set()
        self.begun = threading.Event()

    def __call__(self, pictures):
        self.batches.append(pictures.ravel().tolist())
        self.begun.set()
        assert self.free.wait(SECONDS)
        if 13 in pictures:
            raise ValueError("thirteen")
        return 2.0 * pictures


@contextlib.contextmanager
def batcher(computer, max_batch=4, max_wait=0.0):
    opened = DynamicBatcher(computer, max_batch, max_wait)
    try:
        yield opened
    finally:
        computer.free.set()
        opened.close()


def picture(number):
    return np.array([number], np.int64)


def hold(computer, opened):
    """Occupies the computer with one picture, so that all that comes now must wait."""
    computer.free.clear()
    computer.begun.clear()
    first = opened.submit(picture(0))
    assert computer.begun.wait(SECONDS)
    return first


def numbers(futures):
    return [float(future.result(SECONDS)[0]) for future in futures]


@pytest.mark.parametrize(
    ("max_batch", "sizes"),
    [(1, (1,)), (2, (1, 2)), (5, (1, 2, 4, 5)), (8, (1, 2, 4, 8)), (48, (1, 2, 4, 8, 16, 32, 48))],
)
def test_batches_have_the_sizes_of_powers_of_two(max_batch, sizes):
    assert batch_sizes(max_batch) == sizes


def test_pictures_that_wait_are_computed_together_and_filled_up_with_the_last():
    computer = Computer()
    with batcher(computer) as opened:
        first = hold(computer, opened)
        futures = [opened.submit(picture(number)) for number in (1, 2, 3)]
        computer.free.set()
        assert numbers([first, *futures]) == [0, 2, 4, 6]
    assert computer.batches == [[0], [1, 2, 3, 3]]
    assert (opened.num_batches, opened.num_pictures) == (2, 4)


def test_no_batch_is_larger_than_allowed():
    computer = Computer()
    with batcher(computer, max_batch=3) as opened:
        hold(computer, opened)
        futures = [opened.submit(picture(number)) for number in range(1, 8)]
        computer.free.set()
        assert numbers(futures) == [2, 4, 6, 8, 10, 12, 14]
    assert computer.batches == [[0], [1, 2, 3], [4, 5, 6], [7]]


def test_a_batch_of_one_turns_batching_off():
    computer = Computer()
    with batcher(computer, max_batch=1) as opened:
        hold(computer, opened)
        futures = [opened.submit(picture(number)) for number in (1, 2)]
        computer.free.set()
        assert numbers(futures) == [2, 4]
    assert computer.batches == [[0], [1], [2]]


def test_a_picture_waits_for_others():
    computer = Computer()
    with batcher(computer, max_batch=2, max_wait=SECONDS) as opened:
        first = opened.submit(picture(1))
        assert not first.done()
        assert numbers([first, opened.submit(picture(2))]) == [2, 4]
    assert computer.batches == [[1, 2]]


def test_a_picture_does_not_wait_for_ever():
    computer = Computer()
    with batcher(computer, max_batch=2, max_wait=0.01) as opened:
        assert numbers([opened.submit(picture(1))]) == [2]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_picture_that_fails_spoils_no_other(place):
    computer = Computer()
    with batcher(computer) as opened:
        hold(computer, opened)
        wanted = [1, 2, 3]
        wanted[place] = 13
        futures = [opened.submit(picture(number)) for number in wanted]
        computer.free.set()
        for number, future in zip(wanted, futures, strict=True):
            if number == 13:
                with pytest.raises(ValueError, match="thirteen"):
                    future.result(SECONDS)
            else:
                assert numbers([future]) == [2 * number]
        assert numbers([opened.submit(picture(5))]) == [10]


def test_a_cancelled_picture_is_not_computed():
    computer = Computer()
    with batcher(computer) as opened:
        hold(computer, opened)
        gone, stays = opened.submit(picture(7)), opened.submit(picture(8))
        assert gone.cancel()
        computer.free.set()
        assert numbers([stays]) == [16]
    assert computer.batches == [[0], [8]]


def test_a_batch_of_cancelled_pictures_only_is_left_out():
    computer = Computer()
    with batcher(computer) as opened:
        hold(computer, opened)
        assert opened.submit(picture(7)).cancel()
        computer.free.set()
        assert numbers([opened.submit(picture(1))]) == [2]


def test_closing_ends_the_batch_at_hand_and_cancels_the_rest():
    computer = Computer()
    opened = DynamicBatcher(computer, 4, 0.0)
    first = hold(computer, opened)
    waits = opened.submit(picture(1))
    closing = threading.Thread(target=opened.close)
    closing.start()
    with pytest.raises(CancelledError):
        waits.result(SECONDS)
    computer.free.set()
    closing.join(SECONDS)
    assert not closing.is_alive() and numbers([first]) == [0]
    with pytest.raises(RuntimeError, match="The batcher is closed."):
        opened.submit(picture(1))


@settings(max_examples=20, deadline=None)
@given(
    max_batch=st.integers(1, 9),
    max_wait=st.sampled_from([0.0, 0.001]),
    wanted=st.lists(st.integers(0, 20), max_size=60),
)
def test_every_picture_of_many_threads_gets_its_own_row(max_batch, max_wait, wanted):
    computer = Computer()
    with batcher(computer, max_batch, max_wait) as opened, ThreadPoolExecutor(8) as pool:
        futures = list(pool.map(lambda number: opened.submit(picture(number)), wanted))
        wait(futures, SECONDS)
        for number, future in zip(wanted, futures, strict=True):
            if number == 13:
                assert isinstance(future.exception(), ValueError)
            else:
                assert float(future.result()[0]) == 2 * number
    assert all(len(batch) in batch_sizes(max_batch) for batch in computer.batches)
