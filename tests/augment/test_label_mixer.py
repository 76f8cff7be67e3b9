"""What MixUp and CutMix promise, together and each."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.augment import CutMix, LabelMixer, MixUp

every_mixer = pytest.mark.parametrize("mixer_class", [MixUp, CutMix])


def batch(count=64, height=8, width=12):
    """Pictures of one value, their row number, and one-hot targets that number them."""
    images = np.zeros((count, height, width, 3), np.float32)
    images += np.arange(count, dtype=np.float32)[:, None, None, None]
    return images, np.eye(count, dtype=np.float32)


def partners_and_shares(targets):
    """The other row in each target, -1 where there is none, and the share of the row itself."""
    shares = np.diag(targets)
    others = targets - np.diag(shares)
    return np.where(others.sum(axis=1) > 0, others.argmax(axis=1), -1), shares


@every_mixer
def test_targets_tell_what_the_pictures_are_made_of(mixer_class):
    images, targets = batch()
    mixed, mixed_targets = mixer_class(alpha=0.8, seed=1)((images, targets))
    np.testing.assert_allclose(np.sum(mixed_targets, axis=1), 1, rtol=1e-5)
    # A picture's mean is the mean of the rows it is made of, weighed by the target.
    means = np.mean(mixed, axis=(1, 2, 3))
    np.testing.assert_allclose(means, mixed_targets.numpy() @ np.arange(64), rtol=1e-4)


@every_mixer
def test_every_picture_is_given_to_one_other(mixer_class):
    _, targets = mixer_class(alpha=50.0, seed=1)(batch())
    partners, shares = partners_and_shares(targets.numpy())
    given = partners[partners >= 0]
    # Some rows are their own partner or drew a rectangle outside of every pixel.
    assert len(set(given)) == len(given) > 40
    assert len(np.unique(np.round(shares, 6))) > 10


def test_mixed_up_pictures_are_means():
    images, targets = batch()
    mixed, mixed_targets = MixUp(seed=2)((images, targets))
    partners, shares = partners_and_shares(mixed_targets.numpy())
    partners = np.where(partners < 0, np.arange(64), partners)
    shares = shares[:, None, None, None]
    expected = shares * images + (1 - shares) * images[partners]
    np.testing.assert_allclose(mixed, expected, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_of_mix_up_have_the_moments_of_the_beta_distribution(alpha):
    images = np.zeros((20_000, 1, 1, 3), np.float32)
    # With targets 0 and 1 by turns the share is seen in every second mixture of unlike ones.
    targets = np.eye(2, dtype=np.float32)[np.arange(20_000) % 2]
    _, mixed = MixUp(alpha=alpha).mix(tf.constant(images), tf.constant(targets), [5, 6])
    own = np.sum(mixed * targets, axis=1)
    shares = own[own < 1]
    # Var = 1 / (4 (2 alpha + 1)); about 10,000 mixtures of unlike targets.
    variance = 1 / (4 * (2 * alpha + 1))
    assert shares.mean() == pytest.approx(0.5, abs=4 * np.sqrt(variance / 9000))
    assert shares.var() == pytest.approx(variance, rel=0.06)


def test_a_tiny_alpha_leaves_pictures_whole():
    _, targets = MixUp(alpha=1e-4, seed=0)(batch())
    assert np.isfinite(targets).all()
    assert np.allclose(np.sort(targets, axis=1)[:, -1], 1, atol=1e-3)


def test_cut_pictures_hold_one_rectangle_of_another():
    images, targets = batch()
    mixed, mixed_targets = CutMix(seed=3)((images, targets))
    partners, shares = partners_and_shares(mixed_targets.numpy())
    for row in range(64):
        own = mixed.numpy()[row, :, :, 0] == row
        pasted = ~own
        assert own.mean() == pytest.approx(shares[row], abs=1e-6)
        if pasted.any():
            assert (mixed.numpy()[row][pasted] == partners[row]).all()
            sides = pasted.any(axis=1).sum() * pasted.any(axis=0).sum()
            assert sides == pasted.sum()


def test_areas_cut_out_are_uniform_before_the_border_cuts_them():
    images = np.zeros((4000, 24, 24, 3), np.float32)
    images[1::2] = 1
    mixed, _ = CutMix().mix(tf.constant(images), tf.zeros([4000, 2]), [1, 2])
    share = np.mean(mixed != images, axis=(1, 2, 3))
    share = share[share > 0]
    # Expected share of a rectangle of side s = √u with a uniform centre: along one axis
    # s - s²/4 on average, so E[(s - s²/4)²] = E[u - u^1.5 / 2 + u² / 16] = 1/2 - 1/5 + 1/48.
    # Half of the partners are alike and show nothing; 4 · .2 / √2000 = .018, and tiny ones miss
    # every pixel.
    assert share.mean() == pytest.approx(0.5 - 0.2 + 1 / 48, abs=0.018)


@every_mixer
def test_nothing_is_mixed_outside_training(mixer_class):
    images, targets = batch(4)
    mixed, mixed_targets = mixer_class(seed=0)((images.astype("uint8"), targets), training=False)
    assert mixed.dtype == tf.float32
    np.testing.assert_array_equal(mixed, images)
    np.testing.assert_array_equal(mixed_targets, targets)


@every_mixer
def test_the_same_seed_draws_the_same_mixtures_also_when_traced(mixer_class):
    eager, traced = mixer_class(seed=4), tf.function(mixer_class(seed=4))
    for _ in range(2):
        for own, other in zip(eager(batch()), traced(batch()), strict=True):
            np.testing.assert_allclose(own, other, atol=1e-5)
    assert not np.array_equal(eager(batch())[1], eager(batch())[1])


@every_mixer
def test_a_data_pipeline_of_unknown_batch_size_mixes(mixer_class):
    mixer = mixer_class(seed=4)
    dataset = tf.data.Dataset.from_tensor_slices(batch(10)).batch(4)
    sizes = [len(images) for images, _ in dataset.map(lambda x, y: mixer((x, y)))]
    assert sizes == [4, 4, 2]


@every_mixer
def test_a_mixer_keeps_its_arguments_when_serialised(mixer_class):
    mixer = mixer_class(alpha=0.37, seed=9)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(mixer))
    assert (copy.alpha, copy.seed) == (0.37, 9)
    for own, other in zip(mixer(batch()), copy(batch()), strict=True):
        np.testing.assert_array_equal(own, other)


@every_mixer
def test_whole_numbers_as_targets_are_refused(mixer_class):
    images, _ = batch(4)
    with pytest.raises(ValueError, match=r"`targets` must have the shape \[batch, classes\]"):
        mixer_class()((images, np.arange(4)))


def test_the_base_leaves_the_mixture_to_others():
    with pytest.raises(NotImplementedError):
        LabelMixer()(batch(2))
