import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.losses import SupCon, nt_xent, sup_con


def loop_sup_con(z, labels, temperature):
    """Equation 2 of SupCon (L_out), term by term in double precision, meaned over its rows."""
    if z.ndim == 3:
        labels = [label for label in labels for _ in range(z.shape[1])]
        z = z.reshape(-1, z.shape[-1])
    z = z.astype("float64")
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    rows = []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        positives = [p for p in others if labels[p] == labels[i] and labels[i] >= 0]
        if positives:
            total = sum(np.exp(z[i] @ z[a] / temperature) for a in others)
            terms = [np.log(np.exp(z[i] @ z[p] / temperature) / total) for p in positives]
            rows.append(-np.mean(terms))
    return np.mean(rows) if rows else 0.0


def random_rows(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


LABELS = [
    [0, 0, 1, 1, 2, 2],
    [0, 0, 0, 0, 0, 0],
    [5, 5, 7, 900, 7, 5],
    [0, -1, 0, -1, 3, 1],
    [1, 1, 1, -1, -1, -1],
]


@pytest.mark.parametrize("block_size", [None, 1, 4])
@pytest.mark.parametrize("views", [None, 1, 2, 3])
@pytest.mark.parametrize("labels", LABELS)
def test_the_loss_equals_a_plain_loop_over_equation_2(labels, views, block_size):
    z = random_rows(6, 4) if views is None else random_rows(6, views, 4)
    expected = loop_sup_con(z, labels, 0.2)
    np.testing.assert_allclose(sup_con(z, labels, 0.2, block_size), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("block_size", [None, 2])
def test_the_gradient_equals_the_slope_of_the_plain_loop(block_size):
    z, labels = random_rows(5, 3), [0, 1, 0, -1, 2]
    variable = tf.Variable(z)
    with tf.GradientTape() as tape:
        loss = sup_con(variable, labels, 0.5, block_size)
    gradient = tape.gradient(loss, variable).numpy()
    slope = np.zeros(z.shape)
    for place in np.ndindex(*z.shape):
        step = np.zeros(z.shape)
        step[place] = 1e-5
        above = loop_sup_con(z + step, labels, 0.5)
        slope[place] = (above - loop_sup_con(z - step, labels, 0.5)) / 2e-5
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-4)


def test_three_rows_by_hand():
    # Rows 0 and 1 are alike, row 2 is orthogonal; T = .5: both see e^2 and e^0, -2 + ln(e^2 + 1).
    # Row 2 has no positive and does not count.
    z = np.float32([[1, 0], [3, 0], [0, 1]])
    np.testing.assert_allclose(sup_con(z, [4, 4, 9], 0.5), -2 + np.log(np.exp(2) + 1), rtol=1e-5)


@pytest.mark.parametrize("block_size", [None, 3])
@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_one_label_a_picture_and_two_views_give_nt_xent(temperature, block_size):
    z = random_rows(7, 2, 16)
    np.testing.assert_allclose(
        sup_con(z, np.arange(7), temperature, block_size),
        nt_xent(z[:, 0], z[:, 1], temperature, block_size),
        rtol=1e-5,
        atol=1e-5,
    )


def test_a_row_without_positives_is_left_out_and_not_counted_as_zero():
    z = random_rows(5, 4)
    with_single = sup_con(z, [0, 0, 1, 1, 2], 0.2)
    # As unlabelled, the last row is a negative as well.
    np.testing.assert_allclose(with_single, sup_con(z, [0, 0, 1, 1, -1], 0.2), rtol=1e-6)
    assert with_single > sup_con(z[:4], [0, 0, 1, 1], 0.2)


def test_unlabelled_rows_are_negatives():
    z, labels = random_rows(4, 4), [0, 0, -1, -1]
    assert sup_con(z, labels, 0.2) > sup_con(z[:2], labels[:2], 0.2)


@pytest.mark.parametrize("block_size", [None, 2])
@pytest.mark.parametrize("labels", [[0], [-1], [0, 1, 2], [-1, -1, -1]])
def test_without_any_positive_loss_and_gradient_are_zero(labels, block_size):
    z = tf.Variable(random_rows(len(labels), 3))
    with tf.GradientTape() as tape:
        loss = sup_con(z, labels, 0.1, block_size)
    assert float(loss) == 0
    np.testing.assert_array_equal(tape.gradient(loss, z), np.zeros(z.shape))


@pytest.mark.parametrize("block_size", [None, 3])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_value_and_gradient_are_finite_in_every_precision(dtype, block_size):
    z = 6e4 * random_rows(6, 8) / 5
    z[[0, 3]] = 0
    z = tf.cast(z, dtype)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = sup_con(z, [0, 0, 1, 1, 1, -1], 0.05, block_size)
    assert loss.dtype == "float32"
    assert np.isfinite(loss)
    assert np.isfinite(tf.cast(tape.gradient(loss, z), "float32")).all()


def test_sizes_may_be_unknown_while_tracing():
    signature = [tf.TensorSpec([None, None, 4]), tf.TensorSpec([None], tf.int32)]
    traced = tf.function(sup_con, input_signature=signature)
    z, labels = random_rows(6, 2, 4), np.int32(LABELS[3])
    np.testing.assert_allclose(traced(z, labels), sup_con(z, labels), rtol=1e-5)


@pytest.mark.parametrize(
    "z, labels", [((4, 3), (3,)), ((4,), (4,)), ((4, 3), (4, 1)), ((4, 2, 3, 1), (4,))]
)
def test_shapes_that_do_not_fit_are_refused(z, labels):
    with pytest.raises(ValueError, match=r"`z` must have the shape \[B, k\] or \[B, V, k\]"):
        sup_con(np.ones(z, "float32"), np.zeros(labels, "int32"))


@pytest.mark.parametrize("temperature", [0, -0.1, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature):
    with pytest.raises(ValueError, match=r"`temperature` must be greater than 0. Received"):
        sup_con(np.ones((2, 3), "float32"), [0, 0], temperature)
    with pytest.raises(ValueError, match=r"`temperature` must be greater than 0. Received"):
        SupCon(temperature)


def test_a_block_size_below_one_is_refused():
    with pytest.raises(ValueError, match="`block_size` must be at least 1. Received: block_size=0"):
        sup_con(np.ones((2, 3), "float32"), [0, 0], block_size=0)
    with pytest.raises(ValueError, match="`block_size` must be at least 1. Received: block_size=0"):
        SupCon(block_size=0)


def test_the_keras_loss_gives_the_value_of_the_function():
    # 2^24 and 2^24 + 1 are one number in float32, and two labels.
    labels = np.int32([2**24, 2**24 + 1, 2**24, 2**24 + 1])
    z = random_rows(4, 2, 8)
    np.testing.assert_array_equal(SupCon(0.2)(labels, z), sup_con(z, labels, 0.2))


def test_the_keras_loss_keeps_its_arguments_when_serialised():
    loss = SupCon(temperature=0.37, block_size=7, name="classes")
    config = loss.get_config()
    assert (config["temperature"], config["block_size"], config["name"]) == (0.37, 7, "classes")
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(copy, SupCon)
    assert (copy.temperature, copy.block_size, copy.name) == (0.37, 7, "classes")
