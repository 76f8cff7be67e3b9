import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.losses import NPairs, n_pairs

LABELS = np.array([0, 1, 1, -1, 4, 0])


def pairs(count=6, size=4, seed=0):
    generator = np.random.default_rng([seed, count, size])
    return generator.normal(size=(2, count, size)).astype("float32")


def loop_n_pairs(anchors, positives, labels, l2_weight=0.0):
    """Equation 6 of the paper, the target shared by the rows of one label."""
    costs = []
    for i, label in enumerate(labels):
        if label == -1:
            continue
        products = positives.astype("float64") @ anchors[i]
        own = [products[j] for j in range(len(labels)) if labels[j] == label]
        costs.append(np.log(np.exp(products).sum()) - np.mean(own))
    lengths = [np.sum(rows.astype("float64") ** 2, axis=1).mean() for rows in (anchors, positives)]
    return (np.mean(costs) if costs else 0.0) + l2_weight * np.mean(lengths)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("l2_weight", [0.0, 0.1])
def test_the_loss_equals_a_plain_loop_over_equation_6(seed, l2_weight):
    anchors, positives = pairs(seed=seed)
    expected = loop_n_pairs(anchors, positives, LABELS, l2_weight)
    loss = n_pairs(anchors, positives, LABELS, l2_weight)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_two_orthogonal_pairs_by_hand():
    # Each anchor: 1 for its own positive, 0 for the other: -1 + ln(e + 1).
    z = np.eye(2, dtype="float32")
    np.testing.assert_allclose(n_pairs(z, z, [0, 1]), np.log(np.e + 1) - 1, rtol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_identical_embeddings_give_the_logarithm_of_the_candidates(count):
    z = np.ones((count, 3), "float32")
    np.testing.assert_allclose(n_pairs(z, z, np.arange(count)), np.log(count), atol=1e-6)


def test_without_labels_the_loss_is_0():
    assert n_pairs(*pairs(), [-1] * 6) == 0


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_value_and_gradients_are_finite_in_every_precision(dtype, scale):
    anchors, positives = (tf.Variable(tf.cast(scale * z, dtype)) for z in pairs())
    with tf.GradientTape() as tape:
        loss = n_pairs(anchors, positives, LABELS)
    assert loss.dtype == "float32"
    assert np.isfinite(loss)
    for gradient in tape.gradient(loss, [anchors, positives]):
        assert np.isfinite(gradient.numpy().astype("float32")).all()


def test_the_number_of_pairs_may_be_unknown_while_tracing():
    specification = [tf.TensorSpec([None, 4])] * 2 + [tf.TensorSpec([None], tf.int32)]
    traced = tf.function(n_pairs, input_signature=specification)
    expected = n_pairs(*pairs(), LABELS)
    np.testing.assert_allclose(traced(*pairs(), LABELS.astype("int32")), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "anchors, positives, labels",
    [
        ((3, 2), (3, 4), (3,)),
        ((3, 2), (4, 2), (3,)),
        ((3, 2), (3, 2), (4,)),
        ((3,), (3,), (3,)),
        ((3, 2), (3, 2), (3, 1)),
    ],
)
def test_other_shapes_are_refused(anchors, positives, labels):
    with pytest.raises(ValueError, match=r"must have the shape \[N, k\] and `labels` \[N\]"):
        n_pairs(np.ones(anchors, "float32"), np.ones(positives, "float32"), np.ones(labels))


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="`l2_weight` must be at least 0. Received: l2_weight=-1"):
        n_pairs(*pairs(), LABELS, l2_weight=-1)
    with pytest.raises(ValueError, match="`l2_weight` must be at least 0"):
        NPairs(-1)


def test_the_keras_loss_takes_anchors_and_positives_one_after_the_other():
    anchors, positives = pairs()
    loss = NPairs(l2_weight=0.1)(LABELS, np.concatenate([anchors, positives]))
    np.testing.assert_allclose(loss, n_pairs(anchors, positives, LABELS, 0.1), rtol=1e-6)


def test_the_keras_loss_keeps_its_arguments_when_serialised():
    copy = keras.losses.deserialize(keras.losses.serialize(NPairs(0.2, name="many")))
    assert isinstance(copy, NPairs)
    assert copy.get_config() == {"l2_weight": 0.2, "name": "many"}
