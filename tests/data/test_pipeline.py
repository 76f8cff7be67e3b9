import sys

import numpy as np
import pytest

from simclr_tf.data import (
    PictureSet,
    evaluation_batches,
    steps_per_epoch,
    training_batches,
    training_rows,
)


def make_set(count):
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    ids = tuple(map(str, range(count)))
    # The labels number the pictures, so a batch tells which ones it holds.
    return PictureSet(images, np.arange(count, dtype=np.int32), ids, ())


def rows_of(dataset):
    return [labels.tolist() for _, labels in dataset.as_numpy_iterator()]


def test_a_batch_is_its_slice_of_the_epoch_s_permutation():
    rows = rows_of(training_batches(make_set(10), 3, seed=7, num_steps=7))
    # 10 pictures in batches of 3: 3 steps an epoch, so step 4 is the second of epoch 1.
    assert rows[4] == np.random.default_rng([7, 1]).permutation(10)[3:6].tolist()
    assert len(rows) == 7


@pytest.mark.parametrize("class_balanced", [False, True])
def test_the_rows_of_a_step_are_those_of_its_batch(class_balanced):
    pictures = make_set(10)
    arguments = {"seed": 7, "class_balanced": class_balanced}
    rows = training_rows(pictures, 3, **arguments)
    batches = rows_of(training_batches(pictures, 3, num_steps=8, **arguments))
    assert [rows(step).tolist() for step in range(8)] == batches


def test_pictures_and_labels_stay_together():
    pictures = make_set(10)
    for images, labels in training_batches(pictures, 4, seed=0, num_steps=3).as_numpy_iterator():
        np.testing.assert_array_equal(images, pictures.images[labels])


@pytest.mark.parametrize("start", [0, 1, 4, 9])
def test_a_resumed_run_sees_the_batches_of_an_unbroken_one(start):
    pictures = make_set(11)
    whole = rows_of(training_batches(pictures, 4, seed=3, num_steps=12))
    resumed = training_batches(pictures, 4, seed=3, start_step=start, num_steps=12 - start)
    assert rows_of(resumed) == whole[start:]


def test_an_epoch_shows_no_picture_twice():
    rows = rows_of(training_batches(make_set(12), 4, seed=0, num_steps=3))
    assert sorted(sum(rows, [])) == list(range(12))


def test_epochs_and_seeds_differ_in_order():
    pictures = make_set(12)
    first, second = rows_of(training_batches(pictures, 12, seed=0, num_steps=2))
    other = rows_of(training_batches(pictures, 12, seed=1, num_steps=1))[0]
    assert first != second != other != first


def test_batches_are_uint8_of_known_shape():
    images, labels = training_batches(make_set(5), 2, seed=0, num_steps=1).element_spec
    assert (images.dtype.name, images.shape) == ("uint8", (2, 8, 8, 3))
    assert (labels.dtype.name, labels.shape) == ("int32", (2,))


def test_a_memory_map_gives_the_same_batches(tmp_path):
    pictures = make_set(9)
    np.save(tmp_path / "images.npy", pictures.images)
    mapped = PictureSet(
        np.load(tmp_path / "images.npy", mmap_mode="r"), pictures.labels, pictures.ids, ()
    )
    batches = [
        [images for images, _ in training_batches(each, 4, seed=0, num_steps=3).as_numpy_iterator()]
        for each in (pictures, mapped)
    ]
    np.testing.assert_array_equal(*batches)


@pytest.mark.parametrize("num_pictures", [1, 4, 7, 8])
def test_evaluation_goes_in_order_and_drops_nothing(num_pictures):
    images = make_set(num_pictures).images
    batches = list(evaluation_batches(images, 4).as_numpy_iterator())
    np.testing.assert_array_equal(np.concatenate(batches), images)
    assert all(len(batch) == 4 for batch in batches[:-1])


def test_steps_per_epoch_leaves_out_the_incomplete_batch():
    assert steps_per_epoch(11, 4) == 2


def test_a_batch_larger_than_the_data_is_refused():
    message = r"`batch_size` must be at most the number of pictures \(5\). Received: batch_size=6"
    with pytest.raises(ValueError, match=message):
        training_batches(make_set(5), 6, seed=0, num_steps=1)


@pytest.mark.parametrize("name", ["seed", "start_step", "num_steps"])
def test_negative_numbers_are_refused(name):
    arguments = {"seed": 0, "num_steps": 1, name: -1}
    with pytest.raises(ValueError, match=f"`{name}` must be at least 0"):
        training_batches(make_set(5), 2, **arguments)


def test_the_data_package_does_not_import_tensorflow():
    import subprocess

    code = "import sys, simclr_tf.data; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
