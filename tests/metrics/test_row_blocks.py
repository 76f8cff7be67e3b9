import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.metrics import contrastive_accuracy, positive_ranks, row_blocks, uniformity


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(row_blocks, "_ROWS_AT_ONCE", 4)
    monkeypatch.setattr(row_blocks, "_BLOCK_SIZE", 3)


def views(pictures=7, size=5):
    generator = np.random.default_rng(0)
    z_a = generator.normal(size=(pictures, size)).astype("float32")
    return z_a, z_a + generator.normal(size=z_a.shape).astype("float32")


@pytest.mark.parametrize("rows", [5, 6, 10])
def test_every_row_is_computed_once_and_in_order(small_blocks, rows):
    values = row_blocks.by_row_blocks(lambda block: block * block, tf.range(rows))
    np.testing.assert_array_equal(values, np.arange(rows) ** 2)


def test_a_block_is_never_larger_than_stated(small_blocks):
    sizes = []

    def function(block):
        sizes.append(len(block))
        return block

    row_blocks.by_row_blocks(function, tf.range(8))
    # An empty one tells the type.
    assert sizes == [0, 3, 3, 2]


def test_blocks_change_no_metric(monkeypatch):
    z_a, z_b = views()
    expected = [positive_ranks(z_a, z_b), contrastive_accuracy(z_a, z_b, 2), uniformity(z_a)]
    monkeypatch.setattr(row_blocks, "_ROWS_AT_ONCE", 4)
    monkeypatch.setattr(row_blocks, "_BLOCK_SIZE", 3)
    found = [positive_ranks(z_a, z_b), contrastive_accuracy(z_a, z_b, 2), uniformity(z_a)]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_the_number_of_rows_may_be_unknown_while_tracing():
    z_a, z_b = views()
    signature = [tf.TensorSpec([None, 5])] * 2
    ranks = tf.function(positive_ranks, input_signature=signature)(z_a, z_b)
    np.testing.assert_array_equal(ranks, positive_ranks(z_a, z_b))
    spread = tf.function(uniformity, input_signature=signature[:1])(z_a)
    np.testing.assert_allclose(spread, uniformity(z_a), rtol=1e-5)


def test_a_rank_counts_the_others_that_are_at_least_as_similar():
    # In degrees a = 0, 90 and b = 20, 15. Before its positive: a0 has b1; a1 has b0; b0 has b1;
    # b1 has b0 and a0.
    angles = np.radians([[0.0, 90.0], [20.0, 15.0]])
    z_a, z_b = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype("float32")
    # a1's positive is b1 (75 away), b0 is 70 away; b0's positive a0 is 20 away, b1 5 away.
    np.testing.assert_array_equal(positive_ranks(z_a, z_b), [1, 1, 1, 2])
