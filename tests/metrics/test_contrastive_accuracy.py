import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simclr_tf.metrics import contrastive_accuracy


def loop_accuracy(z_a, z_b, k):
    z = np.concatenate([z_a, z_b]).astype("float64")
    count = len(z)
    found = 0
    for i in range(count):
        positive = (i + count // 2) % count
        similarities = {
            j: z[i] @ z[j] / (np.linalg.norm(z[i]) * np.linalg.norm(z[j]))
            for j in range(count)
            if j != i
        }
        nearest = sorted(similarities, key=similarities.get, reverse=True)[:k]
        found += positive in nearest
    return found / count


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 20), st.floats(0.1, 3))
def test_the_fraction_equals_a_plain_loop(seed, pictures, k, noise):
    generator = np.random.default_rng(seed)
    z_a = generator.normal(size=(pictures, 5)).astype("float32")
    z_b = (z_a + noise * generator.normal(size=z_a.shape)).astype("float32") * 7
    result = float(contrastive_accuracy(z_a, z_b, k))
    assert result == pytest.approx(loop_accuracy(z_a, z_b, k))


def test_four_views_by_hand():
    # angles in degrees: a = 0, 90; b = 20, 15. a0 (0) is nearest b1 (15), not b0 (20): wrong.
    # a1 (90) is nearest b0 (20): wrong. b0 (20) is nearest b1 (15): wrong. b1 (15) is nearest
    # b0 (20): wrong. So 0 of 4. Second nearest: a0 -> b0 right; a1 -> b1 right;
    # b0 -> a0 (20 away, before a1's 70) right; b1 -> a0 (15), not a1 (75): wrong. So 3 of 4.
    def at(*degrees):
        radians = np.radians(degrees)
        return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype("float32")

    z_a, z_b = at(0, 90), at(20, 15)
    assert float(contrastive_accuracy(z_a, z_b)) == 0.0
    assert float(contrastive_accuracy(z_a, z_b, k=2)) == 0.75
    assert float(contrastive_accuracy(z_a, z_b, k=3)) == 1.0


def test_identical_views_of_different_pictures_are_all_found():
    z = np.eye(4, dtype="float32")
    assert float(contrastive_accuracy(z, z)) == 1.0


@pytest.mark.parametrize("value", [1.0, 0.0, np.nan])
def test_a_collapsed_or_broken_embedding_scores_0(value):
    z = np.full((4, 3), value, "float32")
    assert float(contrastive_accuracy(z, z)) == 0.0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_long_vectors_of_any_precision_give_a_float32_fraction(dtype):
    # 300 ** 2 * 4 > 65,504 would overflow in float16
    z = tf.cast(300.0 * np.eye(4), dtype)
    result = contrastive_accuracy(z, z)
    assert result.dtype == tf.float32
    assert result.shape == ()
    assert float(result) == 1.0


def test_the_batch_size_may_be_unknown_when_traced():
    traced = tf.function(
        contrastive_accuracy, input_signature=[tf.TensorSpec([None, 3], tf.float32)] * 2
    )
    generator = np.random.default_rng(0)
    for pictures in (2, 5):
        z_a, z_b = generator.normal(size=(2, pictures, 3)).astype("float32")
        assert float(traced(z_a, z_b)) == pytest.approx(loop_accuracy(z_a, z_b, 1))


def test_k_below_1_is_refused():
    with pytest.raises(ValueError, match="`k` must be at least 1. Received: k=0"):
        contrastive_accuracy(np.eye(2), np.eye(2), k=0)
