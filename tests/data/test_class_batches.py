import re
import sys
import tracemalloc

import numpy as np
import pytest

from simclr_tf.data import PictureSet, class_batches, class_rows, training_batches
from simclr_tf.data.class_index import ClassIndex


def make_set(labels, class_names=()):
    """Pictures of one pixel that hold their own row number."""
    rows = np.arange(len(labels))
    images = np.stack([rows % 256, rows // 256 % 256, rows // 65536], axis=-1)[:, None, None, :]
    ids = tuple(map(str, rows))
    return PictureSet(images.astype(np.uint8), np.array(labels, np.int32), ids, class_names)


def rows_and_labels(dataset):
    """`[steps, batch]` twice."""
    batches = list(dataset.as_numpy_iterator())
    pixels = np.array([images[:, 0, 0].astype(int) for images, _ in batches])
    return pixels @ [1, 256, 65536], np.array([labels for _, labels in batches])


# 7 classes of 3 to 9 pictures, and two unlabelled ones.
LABELS = np.repeat(range(-1, 7), [2, 3, 4, 5, 6, 7, 8, 9])


def test_a_batch_has_k_different_pictures_of_each_of_p_classes():
    pictures = make_set(LABELS)
    rows, labels = rows_and_labels(class_batches(pictures, 3, 2, seed=0, num_steps=30))
    assert rows.shape == (30, 6)
    np.testing.assert_array_equal(pictures.labels[rows], labels)
    for own_rows, own_labels in zip(rows, labels, strict=True):
        assert len(set(own_rows)) == 6
        assert (own_labels[::2] == own_labels[1::2]).all()
        assert len(set(own_labels)) == 3
    assert labels.min() == 0


def test_the_rows_of_a_step_are_those_of_its_batch():
    pictures = make_set(LABELS)
    rows, _ = rows_and_labels(class_batches(pictures, 3, 2, seed=1, num_steps=6))
    of_step = class_rows(pictures, 3, 2, seed=1)
    assert [of_step(step).tolist() for step in range(6)] == rows.tolist()


def test_large_and_small_classes_come_equally_often():
    # 7 classes, 3 a batch: 2 batches a round show 6 of them; 70 rounds show each 60 times on
    # average, left out with 1/7: 4 deviations are 4 · √(70 · 6/49) = 11.7.
    _, labels = rows_and_labels(class_batches(make_set(LABELS), 3, 2, seed=0, num_steps=140))
    visits = np.bincount(labels.ravel()) / 2
    assert np.abs(visits - 60).max() <= 11.7


def test_a_round_shows_no_class_twice():
    _, labels = rows_and_labels(class_batches(make_set(LABELS), 3, 2, seed=0, num_steps=20))
    for first in range(0, 20, 2):
        assert len(set(labels[first : first + 2].ravel())) == 6


@pytest.mark.parametrize("start", [0, 1, 5, 11])
@pytest.mark.parametrize("repeat", [False, True])
def test_a_resumed_run_sees_the_batches_of_an_unbroken_one(start, repeat):
    def rows(start, count):
        return rows_and_labels(
            class_batches(
                make_set(LABELS), 2, 3, 7, start_step=start, num_steps=count, repeat=repeat
            )
        )[0]

    np.testing.assert_array_equal(rows(start, 12 - start), rows(0, 12)[start:])


def test_seeds_differ():
    first, second = (
        rows_and_labels(class_batches(make_set(LABELS), 2, 3, seed, num_steps=4))[0]
        for seed in (0, 1)
    )
    assert (first != second).any()


def test_repeating_lets_small_classes_take_part():
    # A singleton gives its picture 3 times, a pair one of both twice.
    rows, labels = rows_and_labels(
        class_batches(make_set([0, 1, 1, 2, 2, 2, 2]), 3, 3, 0, num_steps=10, repeat=True)
    )
    for own_rows, own_labels in zip(rows, labels, strict=True):
        assert sorted(own_labels) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        assert own_rows[own_labels == 0].tolist() == [0, 0, 0]
        assert sorted(np.bincount(own_rows[own_labels == 1], minlength=3)[1:]) == [1, 2]
        assert len(set(own_rows[own_labels == 2])) == 3


def test_batches_are_uint8_of_known_shape():
    images, labels = class_batches(make_set(LABELS), 3, 2, seed=0, num_steps=1).element_spec
    assert (images.dtype.name, images.shape) == ("uint8", (6, 1, 1, 3))
    assert (labels.dtype.name, labels.shape) == ("int32", (6,))


def test_a_class_that_is_too_small_is_named_with_its_count():
    pictures = make_set([0, 0, 0, 0, 1, 1, 2, 2, 2], ("cup", "lamp", "shoe"))
    message = (
        "`pictures_per_class` must be at most the pictures of the smallest class, 2 of class "
        "'lamp' (fewer than 4 in 2 of 3 classes), unless `repeat` is true and pictures come more "
        "than once. Received: pictures_per_class=4"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        class_batches(pictures, 2, 4, seed=0, num_steps=1)


def test_a_class_without_a_name_is_named_by_its_label():
    with pytest.raises(ValueError, match="1 of class 5 "):
        class_batches(make_set([3, 3, 5]), 2, 2, seed=0, num_steps=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes_per_batch": 0}, "`classes_per_batch` must be at least 1. Received"),
        (
            {"classes_per_batch": 8},
            r"`classes_per_batch` must be at most the number of classes \(7\). Received: .*=8",
        ),
        ({"pictures_per_class": 0}, "`pictures_per_class` must be at least 1"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"start_step": -1}, "`start_step` must be at least 0"),
        ({"num_steps": -1}, "`num_steps` must be at least 0"),
        ({"pictures": make_set([-1, -1])}, "`labels` must hold at least one label that is not -1"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, message):
    arguments = {
        "pictures": make_set(LABELS),
        "classes_per_batch": 2,
        "pictures_per_class": 2,
        "seed": 0,
        "num_steps": 1,
        **arguments,
    }
    with pytest.raises(ValueError, match=message):
        class_batches(**arguments)


def test_a_batch_of_15000_classes_does_not_scan_the_labels(monkeypatch):
    labels = np.repeat(np.arange(15_000, dtype=np.int32), 4)
    drawn = []
    original = ClassIndex._draw_order

    def counted(self, position, cycle):
        drawn.append(position)
        return original(self, position, cycle)

    monkeypatch.setattr(ClassIndex, "_draw_order", counted)
    dataset = class_batches(make_set(labels), 32, 4, seed=0, num_steps=3)
    assert drawn == []
    rows, own_labels = rows_and_labels(dataset)
    # 3 batches draw the orders of the 3 · 32 classes in them and of no other.
    assert len(drawn) == 96
    np.testing.assert_array_equal(labels[rows], own_labels)


def test_memory_stays_flat_over_many_rounds():
    index = ClassIndex(np.repeat(np.arange(500), 4), 0)

    def visit(rounds):
        for place in range(500 * rounds.start, 500 * rounds.stop):
            position, number = index.class_at(place)
            index.group(position, number, 2)

    visit(range(4))
    tracemalloc.start()
    visit(range(4, 6))
    before = tracemalloc.get_traced_memory()[0]
    visit(range(6, 16))
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    # One order of a class is more than 32 bytes: 10 rounds kept would add 160 kB at least.
    assert after - before < 50_000


# === Balanced ordinary batches ===


def test_balanced_batches_show_every_class_equally_often():
    # 100 pictures of class 0, 4 of class 1, one of class 2 and three without a label.
    pictures = make_set([0] * 100 + [1] * 4 + [2] + [-1] * 3)
    rows, labels = rows_and_labels(
        training_batches(pictures, 10, seed=0, num_steps=30, class_balanced=True)
    )
    assert np.bincount(labels.ravel()).tolist() == [100, 100, 100]
    # Within a batch the counts differ by one round at most.
    for batch in labels:
        counts = np.bincount(batch, minlength=3)
        assert counts.max() - counts.min() <= 2
    # 100 visits show every picture of class 0 once, and each of class 1 25 times.
    times = np.bincount(rows.ravel(), minlength=108)
    assert times.tolist() == [1] * 100 + [25] * 4 + [100] + [0] * 3


@pytest.mark.parametrize("start", [1, 6])
def test_balanced_batches_resume_where_they_stopped(start):
    def rows(start, count):
        return rows_and_labels(
            training_batches(
                make_set(LABELS), 5, 3, start_step=start, num_steps=count, class_balanced=True
            )
        )[0]

    np.testing.assert_array_equal(rows(start, 9 - start), rows(0, 9)[start:])


def test_balanced_batches_without_labels_are_refused():
    with pytest.raises(ValueError, match="`labels` must hold at least one label"):
        training_batches(make_set([-1] * 4), 2, seed=0, num_steps=1, class_balanced=True)


def test_the_module_does_not_import_tensorflow():
    import subprocess

    code = "import sys, simclr_tf.data.class_batches; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
