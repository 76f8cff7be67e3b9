import os

import numpy as np
import pytest

from simclr_tf.evaluation import LinearProbe, read_probe, write_probe


def probe():
    generator = np.random.default_rng(0)
    mean, scale = generator.uniform(0.5, 2, (2, 4)).astype(np.float32)
    return LinearProbe(
        classes=np.array([0, 2]),
        mean=mean,
        scale=scale,
        weights=generator.normal(size=(4, 2)).astype(np.float32),
        bias=np.array([0.5, -0.5], np.float32),
        regularisation=0.3,
        validation_accuracy=0.75,
    )


def test_a_probe_that_was_read_predicts_the_same(tmp_path):
    names = ("one", "two", os.fsdecode(b"caf\xe9"))
    write_probe(tmp_path / "probe.npz", probe(), names, "c0ffee")
    saved = read_probe(tmp_path / "probe.npz")
    features = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(
        saved.probe.probabilities(features), probe().probabilities(features)
    )
    assert saved.class_names == names
    assert saved.encoder == "c0ffee"
    assert (saved.probe.regularisation, saved.probe.validation_accuracy) == (0.3, 0.75)


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", embeddings=np.zeros(3))
    np.save(tmp_path / "pickled.npy", np.array([{}], object), allow_pickle=True)
    (tmp_path / "text.npz").write_text("no probe")
    for name in ("other.npz", "pickled.npy", "text.npz", "missing.npz"):
        with pytest.raises(ValueError, match=f"`probe` must be a file linear_probe.npz.*{name}"):
            read_probe(tmp_path / name)
