import numpy as np
import pytest

from simclr_tf.losses import NPairs, SupCon, Triplet, n_pairs, sup_con, triplet

# As float32 both are 2 ** 24.
LABELS = np.array([2**24, 2**24, 2**24 + 1, 2**24 + 1], np.int32)
Z = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SupCon(), sup_con(Z, LABELS)),
        (Triplet(), triplet(Z, LABELS)),
    ],
    ids=["SupCon", "Triplet"],
)
def test_large_labels_stay_different(loss, expected):
    assert float(expected) > 0
    np.testing.assert_allclose(loss(LABELS, Z), expected, rtol=1e-6)


def test_large_labels_stay_different_in_n_pairs():
    expected = n_pairs(Z, Z[::-1], LABELS)
    assert abs(float(expected) - float(n_pairs(Z, Z[::-1], LABELS * 0))) > 1e-3
    np.testing.assert_allclose(NPairs()(LABELS, np.concatenate([Z, Z[::-1]])), expected, rtol=1e-6)


def test_bfloat16_embeddings_are_taken():
    np.testing.assert_allclose(
        Triplet(mining="hard")(LABELS, Z.astype("bfloat16")),
        triplet(Z.astype("bfloat16"), LABELS, mining="hard"),
        rtol=1e-6,
    )


def test_sample_weights_are_refused_and_not_ignored():
    with pytest.raises(ValueError, match="`sample_weight` must be None for Triplet. Received"):
        Triplet()(LABELS, Z, sample_weight=np.ones(4))
