import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import Augmenter, RandomSolarize
from simclr_tf.encoders import build_projection_head
from simclr_tf.losses import triplet
from simclr_tf.training import SiameseTriplet
from tests.training.conftest import make_augmenter, make_encoder, make_pictures


def make_model(
    learning_rate=0.0, seed=0, head=True, augmenter=None, mixed_precision="none", **kwargs
):
    keras.utils.set_random_seed(seed)
    encoder = make_encoder(mixed_precision, kwargs.pop("batch_normalization", True))
    embedding_head = None
    if head:
        embedding_head = build_projection_head(
            encoder.output_shape[-1], depth=1, output=8, mixed_precision=mixed_precision
        )
    model = SiameseTriplet(encoder, embedding_head, augmenter, seed=seed, **kwargs)
    model.build((None, 8, 8, 3))
    optimizer = keras.optimizers.SGD(learning_rate)
    if mixed_precision == "float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer=optimizer, jit_compile=False, run_eagerly=True)
    return model


def embedded(model, images, training=False):
    features = model.encoder(images, training=training)
    return model.project(features, training=training).numpy()


def loop_hard(z, labels, margin):
    """For each anchor its farthest positive and its nearest negative, squared distances."""
    z = z.astype("float64") / np.linalg.norm(z.astype("float64"), axis=1, keepdims=True)
    costs = []
    for a in range(len(z)):
        distances = ((z - z[a]) ** 2).sum(axis=1)
        same = [distances[j] for j in range(len(z)) if j != a and labels[j] == labels[a]]
        other = [distances[j] for j in range(len(z)) if labels[j] != labels[a]]
        if labels[a] >= 0 and same and other:
            costs.append(max(0.0, margin + max(same) - min(other)))
    return np.mean(costs)


def test_the_loss_is_the_triplet_loss_of_the_embedded_batch(pictures):
    images, labels = (part[:12] for part in pictures)
    labels = np.where(np.arange(12) < 10, labels, -1).astype("int32")
    model = make_model(mining="hard", margin=0.4)
    expected = loop_hard(embedded(model, images), labels, 0.4)
    found = model.test_on_batch(images, labels, return_dict=True)
    assert found["loss"] == pytest.approx(expected, rel=1e-4)
    assert expected > 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"mining": "all", "distance": "cosine", "margin": 0.3},
        {"mining": "semi_hard", "normalize": False, "margin": 2.0},
        {"mining": "hard", "soft": True, "distance": "euclidean"},
        {"mining": "all", "nonzero_mean": True},
    ],
)
def test_every_choice_reaches_the_loss(pictures, arguments):
    model = make_model(head=False, **arguments)
    z = embedded(model, pictures[0])
    options = {"margin": 0.2, "normalize": True, **arguments}
    expected = float(triplet(z, pictures[1], **options))
    found = model.test_on_batch(*pictures, return_dict=True)["loss"]
    assert found == pytest.approx(expected, rel=1e-5)


def test_random_mining_draws_new_triplets_in_every_step(pictures):
    model = make_model(mining="random", batch_normalization=False, head=False)
    losses = {model.train_on_batch(*pictures, return_dict=True)["loss"] for _ in range(4)}
    assert len(losses) == 4


def test_random_mining_draws_new_triplets_also_inside_a_graph(pictures):
    model = make_model(mining="random", batch_normalization=False, head=False)
    model.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=False)
    losses = {float(model.train_on_batch(*pictures, return_dict=True)["loss"]) for _ in range(4)}
    assert len(losses) == 4


def test_random_mining_starts_from_its_seed(pictures):
    def losses(seed):
        model = make_model(mining="random", batch_normalization=False, head=False)
        model = SiameseTriplet(model.encoder, mining="random", seed=seed)
        model.build((None, 8, 8, 3))
        model.compile(optimizer=keras.optimizers.SGD(0.0), jit_compile=False, run_eagerly=True)
        return [model.train_on_batch(*pictures, return_dict=True)["loss"] for _ in range(3)]

    assert losses(3) == losses(3) != losses(4)


def test_evaluation_draws_the_same_triplets_each_time(pictures):
    model = make_model(mining="random")
    first = model.test_on_batch(*pictures, return_dict=True)
    assert model.test_on_batch(*pictures, return_dict=True) == first


def test_pictures_are_augmented_in_training_alone(pictures):
    # Solarising everything from 0 up is the negative: 255 - x.
    images, labels = pictures
    negative = Augmenter([RandomSolarize(0, probability=1.0)], seed=0)
    model = make_model(
        augmenter=negative, mining="all", batch_normalization=False, head=False, margin=2.0
    )
    of_pictures = float(triplet(embedded(model, images), labels, 2.0, normalize=True))
    of_negatives = float(triplet(embedded(model, 255.0 - images), labels, 2.0, normalize=True))
    assert abs(of_pictures - of_negatives) > 1e-4
    training = model.train_on_batch(images, labels, return_dict=True)
    evaluation = model.test_on_batch(images, labels, return_dict=True)
    assert training["loss"] == pytest.approx(of_negatives, rel=1e-4)
    assert evaluation["loss"] == pytest.approx(of_pictures, rel=1e-4)


def test_the_classification_layer_adds_its_weighted_cross_entropy(pictures):
    images, labels = pictures
    model = make_model(num_classes=3, cross_entropy_weight=0.5, mining="hard")
    found = model.test_on_batch(images, labels, return_dict=True)
    features = model.encoder(images, training=False)
    logits = model.class_head(features).numpy().astype("float64")
    errors = [np.log(np.exp(row - row[y]).sum()) for row, y in zip(logits, labels, strict=True)]
    assert found["cross_entropy_loss"] == pytest.approx(np.mean(errors), rel=1e-4)
    assert found["loss"] == pytest.approx(found["metric_loss"] + 0.5 * np.mean(errors), rel=1e-4)


@pytest.mark.parametrize("mixed_precision", ["none", "bfloat16", "float16"])
@pytest.mark.parametrize("mining", ["semi_hard", "random"])
def test_training_learns_the_colours(mixed_precision, mining):
    images, labels = make_pictures(30)
    model = make_model(
        0.05, augmenter=make_augmenter(), mining=mining, mixed_precision=mixed_precision
    )
    history = model.fit(images, labels, batch_size=15, epochs=8, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert history["loss"][-1] < history["loss"][0]
    assert history["batch_top_1"][-1] > 0.9


def test_every_argument_is_in_the_config():
    given = {
        "margin": 0.3,
        "mining": "random",
        "distance": "cosine",
        "soft": True,
        "normalize": False,
        "nonzero_mean": True,
        "num_classes": 5,
        "cross_entropy_weight": 0.7,
        "seed": 9,
    }
    model = make_model(augmenter=make_augmenter(), **given)
    copy = SiameseTriplet.from_config(model.get_config())
    assert {name: getattr(copy, name) for name in given} == given
    for part in ("encoder", "embedding_head", "augmenter"):
        assert getattr(copy, part).get_config() == getattr(model, part).get_config()


@pytest.mark.parametrize("head", [True, False])
def test_a_saved_model_gives_identical_embeddings(tmp_path, pictures, head):
    model = make_model(0.1, head=head, num_classes=3, cross_entropy_weight=1.0)
    model.train_on_batch(*pictures)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(embedded(loaded, pictures[0]), embedded(model, pictures[0]))
    np.testing.assert_array_equal(loaded(pictures[0]), model(pictures[0]))


def test_singletons_leave_every_weight_as_it_is(pictures):
    model = make_model(0.1, batch_normalization=False, head=False)
    before = [variable.numpy() for variable in model.trainable_variables]
    assert model.train_on_batch(pictures[0], tf.range(32), return_dict=True)["loss"] == 0.0
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"margin": 0.0}, "`margin` must be greater than 0. Received: margin=0.0"),
        ({"margin": -1.0}, "`margin` must be greater than 0"),
        ({"mining": "easy"}, "`mining` must be one of: all, hard, semi_hard, random"),
        ({"distance": "city"}, "`distance` must be one of: squared_euclidean"),
        ({"seed": -1}, "`seed` must be at least 0"),
        ({"num_classes": 1, "cross_entropy_weight": 1.0}, "`num_classes` must be at least 2"),
    ],
)
def test_arguments_that_are_not_accepted_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        SiameseTriplet(make_encoder(), **arguments)
