"""Our losses and Keras's LAMB against tensorflow-addons 0.23.0; see make_addons_golden.py."""

import pathlib

import keras
import numpy as np
import pytest

from simclr_tf.losses import n_pairs, triplet

GOLDEN = np.load(pathlib.Path(__file__).parent / "golden" / "addons.npz")
BATCHES = ("pairs", "unequal", "singletons")
MARGINS = (0.2, 1.0)
every_batch = pytest.mark.parametrize("batch", BATCHES)
every_margin = pytest.mark.parametrize("margin", MARGINS)
every_distance = pytest.mark.parametrize("distance", ["euclidean", "squared_euclidean", "cosine"])


def batch_of(name):
    return GOLDEN[f"{name}/z"], GOLDEN[f"{name}/labels"]


# === Losses ===


@every_batch
@every_distance
@every_margin
def test_semi_hard_triplets_cost_the_same(batch, distance, margin):
    z, labels = batch_of(batch)
    loss = triplet(z, labels, margin, "semi_hard", distance)
    np.testing.assert_allclose(
        loss, GOLDEN[f"{batch}/semi_hard/{distance}/{margin}"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("batch", ["pairs", "unequal"])
@every_distance
@every_margin
def test_hard_triplets_cost_the_same_where_every_row_has_a_positive(batch, distance, margin):
    z, labels = batch_of(batch)
    loss = triplet(z, labels, margin, "hard", distance)
    np.testing.assert_allclose(
        loss, GOLDEN[f"{batch}/hard/{distance}/{margin}"], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("batch", ["pairs", "unequal"])
@every_distance
def test_soft_hard_triplets_cost_the_same_where_every_row_has_a_positive(batch, distance):
    z, labels = batch_of(batch)
    loss = triplet(z, labels, mining="hard", distance=distance, soft=True)
    np.testing.assert_allclose(loss, GOLDEN[f"{batch}/hard_soft/{distance}"], rtol=1e-5)


@every_distance
@every_margin
def test_addons_gives_singletons_a_positive_at_distance_0(distance, margin):
    # The one difference: addons takes a row that has no positive as its own positive, with the
    # cost max(0, margin + 0 - d_n), where it takes no part here.
    z, labels = batch_of("singletons")
    singletons = [3, 6]
    assert np.flatnonzero(np.bincount(labels)[labels] == 1).tolist() == singletons
    ours = float(triplet(z, labels, margin, "hard", distance))
    own_costs = []
    for row in singletons:
        others = np.delete(z, row, axis=0).astype("float64")
        nearest = np.min(np.sum((others - z[row]) ** 2, axis=1))
        # Of unit rows |a - b|² = 2 (1 - cos).
        nearest = {"euclidean": nearest**0.5, "squared_euclidean": nearest, "cosine": nearest / 2}[
            distance
        ]
        own_costs.append(max(0.0, margin - nearest))
    count = len(z)
    expected = ((count - len(singletons)) * ours + sum(own_costs)) / count
    np.testing.assert_allclose(
        GOLDEN[f"singletons/hard/{distance}/{margin}"], expected, rtol=1e-5, atol=1e-6
    )


@every_batch
def test_n_pairs_cost_the_same(batch):
    z, labels = batch_of(batch)
    loss = n_pairs(z, GOLDEN[f"{batch}/positives"], labels)
    np.testing.assert_allclose(loss, GOLDEN[f"{batch}/n_pairs"], rtol=1e-5)


# === LAMB ===


def lamb_of_keras(case, weight_decay=None):
    """The variables after each step of Keras's optimizer with the epsilon of addons."""
    variables = [keras.Variable(GOLDEN[f"lamb/{case}/before/{i}"]) for i in range(3)]
    optimizer = keras.optimizers.Lamb(0.05, epsilon=1e-6, weight_decay=weight_decay)
    for step in range(4):
        gradients = [
            keras.ops.convert_to_tensor(GOLDEN[f"lamb/{case}/gradient/{step}/{i}"])
            for i in range(3)
        ]
        optimizer.apply(gradients, variables)
        yield [variable.numpy() for variable in variables]


def lamb_of_the_paper(case, weight_decay):
    """Algorithm 2 of You et al. 2020: the decay is part of the update that is scaled."""
    weights = [GOLDEN[f"lamb/{case}/before/{i}"].astype("float64") for i in range(3)]
    first, second = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    for step in range(4):
        for i, weight in enumerate(weights):
            gradient = GOLDEN[f"lamb/{case}/gradient/{step}/{i}"].astype("float64")
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            mean = first[i] / (1 - 0.9 ** (step + 1))
            deviation = np.sqrt(second[i] / (1 - 0.999 ** (step + 1)))
            update = mean / (deviation + 1e-6) + weight_decay * weight
            lengths = np.linalg.norm(weight), np.linalg.norm(update)
            ratio = lengths[0] / lengths[1] if min(lengths) > 0 else 1.0
            weights[i] = weight - 0.05 * ratio * update
        yield [weight.copy() for weight in weights]


def lamb_of_addons(case):
    for step in range(4):
        yield [GOLDEN[f"lamb/{case}/after/{step}/{i}"] for i in range(3)]


def assert_same_steps(one, other):
    for variables, expected in zip(one, other, strict=True):
        for variable, value in zip(variables, expected, strict=True):
            np.testing.assert_allclose(variable, value, rtol=1e-5, atol=1e-6)


def test_lamb_without_weight_decay_steps_the_same():
    assert_same_steps(lamb_of_keras("plain"), lamb_of_addons("plain"))


@pytest.mark.parametrize("case, weight_decay", [("plain", 0.0), ("decay", 0.1)])
def test_lamb_of_addons_is_that_of_the_paper(case, weight_decay):
    assert_same_steps(lamb_of_addons(case), lamb_of_the_paper(case, weight_decay))


def test_lamb_of_keras_decays_outside_the_trust_ratio():
    # Where it differs: Keras first shrinks the weights by 1 - rate · decay, then makes a step
    # without decay from there, so that its first step is addons' plain step of shrunk weights.
    shrunk = GOLDEN["lamb/decay/before/0"].astype("float64") * (1 - 0.05 * 0.1)
    gradient = GOLDEN["lamb/decay/gradient/0/0"].astype("float64")
    update = gradient / (np.abs(gradient) + 1e-6)  # both moments are corrected to g and g²
    ratio = np.linalg.norm(shrunk) / np.linalg.norm(update)
    first_step = next(lamb_of_keras("decay", weight_decay=0.1))[0]
    np.testing.assert_allclose(first_step, shrunk - 0.05 * ratio * update, rtol=1e-5)
    difference = np.abs(first_step - next(lamb_of_addons("decay"))[0]).max()
    assert difference > 1e-3
