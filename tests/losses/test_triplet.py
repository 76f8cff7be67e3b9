import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.losses import Triplet, triplet

DISTANCES = ["squared_euclidean", "euclidean", "cosine"]
MINING = ["all", "hard", "semi_hard", "random"]
every_distance = pytest.mark.parametrize("distance", DISTANCES)
every_mining = pytest.mark.parametrize("mining", MINING)
# Two pairs, a class of three, a singleton (5) and two unlabelled rows.
LABELS = np.array([3, 0, -1, 3, 7, 7, 5, 7, 0, -1])


def embeddings(count=10, size=4, seed=0):
    return np.random.default_rng([seed, count, size]).normal(size=(count, size)).astype("float32")


def loop_distance(a, b, distance):
    a, b = a.astype("float64"), b.astype("float64")
    if distance == "cosine":
        return 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return np.sum((a - b) ** 2) ** (0.5 if distance == "euclidean" else 1)


def loop_triplet(z, labels, margin=1.0, mining="all", distance="squared_euclidean", soft=False):
    """The definitions of the papers, one triplet after the other, in double precision."""
    rows = range(len(z))
    d = [[loop_distance(z[i], z[j], distance) for j in rows] for i in rows]
    triplets = []  # (distance to the positive, distance to the negative)
    for a in rows:
        if labels[a] == -1:
            continue
        to_positives = [d[a][p] for p in rows if p != a and labels[p] == labels[a]]
        to_negatives = [d[a][n] for n in rows if labels[n] != labels[a]]
        if not to_positives or not to_negatives:
            continue
        if mining == "all":
            triplets += itertools.product(to_positives, to_negatives)
        elif mining == "hard":
            triplets.append((max(to_positives), min(to_negatives)))
        else:
            for to_positive in to_positives:
                farther = [each for each in to_negatives if each > to_positive]
                triplets.append((to_positive, min(farther) if farther else max(to_negatives)))
    if soft:
        costs = [np.log1p(np.exp(p - n)) for p, n in triplets]
    else:
        costs = [max(0, margin + p - n) for p, n in triplets]
    return np.mean(costs) if costs else 0.0


def cost(*arguments, **options):
    return float(triplet(*arguments, **options))


def value_and_gradient(z, labels, **arguments):
    z = tf.Variable(z)
    with tf.GradientTape() as tape:
        loss = triplet(z, labels, **arguments)
    return loss.numpy(), tf.convert_to_tensor(tape.gradient(loss, z)).numpy()


@every_distance
@pytest.mark.parametrize("mining", ["all", "hard", "semi_hard"])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("margin", [0.2, 1.5])
def test_the_loss_equals_a_plain_loop_over_the_definition(mining, distance, soft, margin):
    for seed in range(3):
        z = embeddings(seed=seed)
        arguments = {"margin": margin, "mining": mining, "distance": distance, "soft": soft}
        expected = loop_triplet(z, LABELS, **arguments)
        np.testing.assert_allclose(triplet(z, LABELS, **arguments), expected, rtol=1e-5)


@every_distance
@pytest.mark.parametrize("mining", ["all", "hard", "semi_hard"])
@pytest.mark.parametrize("soft", [False, True])
def test_the_gradient_equals_the_slope_of_the_plain_loop(mining, distance, soft):
    z = embeddings(seed=4)
    arguments = {"margin": 0.7, "mining": mining, "distance": distance, "soft": soft}
    _, gradient = value_and_gradient(z, LABELS, **arguments)
    slope = np.zeros(z.shape)
    for place in np.ndindex(*z.shape):
        step = np.zeros(z.shape)
        step[place] = 1e-6
        above = loop_triplet(z + step, LABELS, **arguments)
        slope[place] = (above - loop_triplet(z - step, LABELS, **arguments)) / 2e-6
    np.testing.assert_allclose(gradient, slope, rtol=1e-3, atol=1e-4)


def test_three_points_on_a_line_by_hand():
    # Anchors at 0 and 1 of one class, a negative at 3.
    # Anchor 0: 1² - 3² + 10 = 2; anchor 1: 1² - 2² + 10 = 7; the singleton is dropped.
    z, labels = [[0.0], [1.0], [3.0]], [0, 0, 1]
    assert cost(z, labels, margin=10) == pytest.approx((2 + 7) / 2)
    # Plain distances: 1 - 3 + 10 = 8 and 1 - 2 + 10 = 9.
    assert cost(z, labels, margin=10, distance="euclidean") == pytest.approx((8 + 9) / 2)


@every_mining
@pytest.mark.parametrize("size", [2, 3, 8])
def test_identical_embeddings_cost_the_margin(mining, size):
    z = np.tile(np.float32([[3, -4, 1]]), (2 * size, 1))
    labels = np.repeat([0, 1], size)
    loss, gradient = value_and_gradient(z, labels, margin=0.3, mining=mining)
    assert loss == pytest.approx(0.3)
    assert np.isfinite(gradient).all()
    # Without a margin: ln(1 + e^0) = ln 2.
    assert cost(z, labels, mining=mining, soft=True) == pytest.approx(np.log(2))


@every_mining
@every_distance
def test_classes_that_lie_far_apart_cost_nothing(mining, distance):
    z = np.repeat(np.eye(4, dtype="float32"), 3, axis=0)
    loss, gradient = value_and_gradient(
        z, np.repeat(range(4), 3), margin=0.5, mining=mining, distance=distance
    )
    assert loss == pytest.approx(0, abs=1e-6)
    assert np.isfinite(gradient).all()


@every_mining
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 0, 0, 0], [-1, -1, -1, -1]])
def test_without_any_triplet_the_loss_and_its_gradient_are_0(labels, mining, soft):
    loss, gradient = value_and_gradient(embeddings(4), labels, mining=mining, soft=soft)
    assert loss == 0
    assert (gradient == 0).all()


@every_mining
def test_a_row_without_a_label_pushes_but_is_no_anchor_and_no_positive(mining):
    z = np.float32([[0], [1], [1.5], [1.6]])
    # Anchors 0 and 1 only. The unlabelled rows are near one another and would cost nothing.
    costs = cost(z, [0, 0, -1, -1], margin=1.0, mining=mining, distance="euclidean")
    if mining in ("hard", "semi_hard"):
        # 0: 1 - 1.5 + 1 = .5. 1: hard takes .5: 1 - .5 + 1 = 1.5; semi-hard finds none farther
        # than 1 and takes the farthest, .6: 1 - .6 + 1 = 1.4.
        assert costs == pytest.approx((0.5 + (1.5 if mining == "hard" else 1.4)) / 2)
    elif mining == "all":
        # .5 and 1 - 1.6 + 1 = .4; 1.5 and 1.4.
        assert costs == pytest.approx((0.5 + 0.4 + 1.5 + 1.4) / 4)
    else:
        assert (0.4 + 1.4) / 2 - 1e-6 <= costs <= (0.5 + 1.5) / 2 + 1e-6


def test_anchors_without_a_positive_do_not_count_as_0():
    z = embeddings(6)
    pair = cost(z[:3], [0, 0, 1], mining="hard")
    # Two more singletons, far away: no new anchor, no nearer negative.
    z[3:] = 9 + z[3:]
    assert cost(z[:5], [0, 0, 1, 2, 3], mining="hard") == pytest.approx(pair, rel=1e-4)


@pytest.mark.parametrize(
    ("mining", "margin", "every", "nonzero"),
    [
        # On a line, anchors at 0, 1, 3 and 5. Margin 1: only anchor 3 (positive at 5, negative at
        # 1) costs anything, 2 - 2 + 1 = 1, of 4 anchors or 8 triplets.
        ("all", 1.0, 1 / 8, 1.0),
        ("hard", 1.0, 1 / 4, 1.0),
        # Margin 1.5: anchor 1 1 - 2 + 1.5 = .5; anchor 3 takes the negative at 0, 2 - 3 + 1.5 = .5.
        ("semi_hard", 1.5, 1 / 4, 0.5),
    ],
)
def test_the_mean_can_be_over_what_costs_anything(mining, margin, every, nonzero):
    z, labels = np.float32([[0], [1], [3], [5]]), [0, 0, 1, 1]
    arguments = {"mining": mining, "margin": margin, "distance": "euclidean"}
    assert cost(z, labels, **arguments) == pytest.approx(every)
    assert cost(z, labels, nonzero_mean=True, **arguments) == pytest.approx(nonzero)


def test_a_soft_margin_leaves_no_triplet_at_0():
    arguments = {"mining": "hard", "soft": True}
    every = cost(embeddings(), LABELS, **arguments)
    assert cost(embeddings(), LABELS, nonzero_mean=True, **arguments) == pytest.approx(every)


def test_random_triplets_are_drawn_uniformly_by_the_seed():
    # One labelled pair and three unlabelled: each anchor has one positive, three negatives.
    z, labels = np.float32([[0], [0.1], [1], [2], [4]]), [0, 0, -1, -1, -1]
    losses = [
        cost(z, labels, mining="random", margin=100.0, distance="euclidean", seed=seed)
        for seed in range(300)
    ]
    # The mean of both anchors: d_p = .1, d_n of 1, 2, 4 for the one and .9, 1.9, 3.9 for the
    # other: 9 outcomes.
    outcomes = {
        round(100 + 0.1 - (first + second) / 2, 3)
        for first in (1, 2, 4)
        for second in (0.9, 1.9, 3.9)
    }
    assert {round(loss, 3) for loss in losses} == outcomes
    # The expected loss is 100.1 - (7/3 + 7/3 - .1) / 2 = 97.8167; 4 standard deviations of the
    # mean: 4 · 1.247 / √2 / √300 = .204
    assert np.mean(losses) == pytest.approx(97.8167, abs=0.204)


def test_the_same_seed_draws_the_same_triplets():
    z = embeddings(12)
    labels = np.repeat(range(3), 4)
    draw = [cost(z, labels, mining="random", seed=seed) for seed in (5, 5, 6)]
    assert draw[0] == draw[1] != draw[2]


def test_a_seed_may_be_a_tensor_of_the_graph():
    z, labels = embeddings(12), np.repeat(range(3), 4)

    @tf.function
    def traced(seed):
        return triplet(z, labels, mining="random", seed=seed)

    for seed in (3, 4):
        expected = triplet(z, labels, mining="random", seed=seed)
        np.testing.assert_allclose(traced(tf.constant([seed, 0])), expected, rtol=1e-6)
        np.testing.assert_allclose(traced(tf.constant(seed)), expected, rtol=1e-6)


@pytest.mark.parametrize("distance", ["squared_euclidean", "euclidean"])
@pytest.mark.parametrize("mining", ["all", "hard", "semi_hard"])
def test_a_common_shift_of_all_embeddings_changes_no_distance(mining, distance):
    z = embeddings()
    arguments = {"mining": mining, "distance": distance}
    # float32 keeps 24 bits: of 1000 + z about 6e-5 are lost by the addition itself.
    np.testing.assert_allclose(
        triplet(1000 + z, LABELS, **arguments), triplet(z, LABELS, **arguments), rtol=1e-3
    )


@every_mining
@every_distance
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("scale", [0.0, 1.0, 6e4])
def test_value_and_gradient_are_finite_in_every_precision(mining, distance, dtype, scale):
    z = embeddings()
    z = z / np.abs(z).max() * scale
    z[0] = 0
    loss, gradient = value_and_gradient(
        tf.cast(z, dtype), LABELS, mining=mining, distance=distance, normalize=True
    )
    assert loss.dtype == np.float32
    assert np.isfinite(loss)
    assert np.isfinite(gradient.astype("float32")).all()


def test_normalized_embeddings_have_length_1():
    z = embeddings()
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    np.testing.assert_allclose(
        triplet(7 * z, LABELS, normalize=True), triplet(unit, LABELS), rtol=1e-5
    )


@every_mining
@pytest.mark.parametrize("soft", [False, True])
def test_the_number_of_pictures_may_be_unknown_while_tracing(mining, soft):
    def loss_and_gradient(z, labels):
        loss = triplet(z, labels, mining=mining, soft=soft)
        return loss, tf.gradients(loss, z)[0]

    specification = [tf.TensorSpec([None, 4]), tf.TensorSpec([None], tf.int32)]
    traced = tf.function(loss_and_gradient, input_signature=specification)
    loss, gradient = traced(embeddings(), LABELS.astype("int32"))
    expected = value_and_gradient(embeddings(), LABELS, mining=mining, soft=soft)
    np.testing.assert_allclose(loss, expected[0], rtol=1e-5)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"margin": 0}, "`margin` must be greater than 0. Received: margin=0"),
        ({"margin": -0.5}, "`margin` must be greater than 0. Received: margin=-0.5"),
        ({"margin": float("nan")}, "`margin` must be greater than 0. Received: margin=nan"),
        (
            {"mining": "easy"},
            "`mining` must be one of: all, hard, semi_hard, random. Received: mining='easy'",
        ),
        (
            {"distance": "manhattan"},
            "`distance` must be one of: squared_euclidean, euclidean, cosine. Received",
        ),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        triplet(embeddings(), LABELS, **arguments)
    with pytest.raises(ValueError, match=message):
        Triplet(**arguments)


@pytest.mark.parametrize("z, labels", [((4,), (4,)), ((4, 2), (3,)), ((4, 2), (4, 1))])
def test_embeddings_and_labels_of_other_shapes_are_refused(z, labels):
    with pytest.raises(ValueError, match=r"`z` must have the shape \[N, k\] and `labels` \[N\]"):
        triplet(np.ones(z, "float32"), np.ones(labels, "int32"))


ARGUMENTS = {
    "margin": 0.3,
    "mining": "random",
    "distance": "cosine",
    "soft": True,
    "normalize": True,
    "nonzero_mean": True,
    "seed": 4,
    "name": "three",
}


def test_the_keras_loss_gives_the_value_of_the_function():
    arguments = {name: value for name, value in ARGUMENTS.items() if name != "name"}
    expected = triplet(embeddings(), LABELS, **arguments)
    np.testing.assert_allclose(Triplet(**ARGUMENTS)(LABELS, embeddings()), expected)


def test_the_keras_loss_keeps_its_arguments_when_serialised():
    loss = Triplet(**ARGUMENTS)
    assert loss.get_config() == ARGUMENTS
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(copy, Triplet)
    assert copy.get_config() == ARGUMENTS


def test_a_negative_seed_of_the_keras_loss_is_refused():
    with pytest.raises(ValueError, match="`seed` must be at least 0. Received: seed=-1"):
        Triplet(seed=-1)
