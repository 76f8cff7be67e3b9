import numpy as np
import pytest

from simclr_tf.protocols.embedding_store import EmbeddingStore


def digests(*numbers):
    return np.repeat(np.array(numbers, np.uint8)[:, None], 32, axis=1)


def rows(*values):
    return np.array(values, np.float32)[:, None] * np.ones(3, np.float32)


def store(folder, fingerprint="e1", dtype="float32"):
    return EmbeddingStore(folder / "parts", fingerprint, dtype)


def test_what_was_put_in_is_found_by_its_content(tmp_path):
    kept = store(tmp_path)
    kept.add_source(digests(1, 2), rows(0.1, 0.2))
    kept.add_part(digests(3), rows(0.3))
    assert np.array_equal(kept.rows(digests(3, 1, 3)), rows(0.3, 0.1, 0.3))
    assert kept.dimension == 3


def test_each_missing_content_is_named_once(tmp_path):
    kept = store(tmp_path)
    kept.add_part(digests(3), rows(0.3))
    assert kept.missing(digests(5, 3, 4, 5)).tolist() == [0, 2]


def test_parts_outlive_a_stop(tmp_path):
    store(tmp_path).add_part(digests(1), rows(0.1))
    store(tmp_path).add_part(digests(2), rows(0.2))
    assert np.array_equal(store(tmp_path).rows(digests(2, 1)), rows(0.2, 0.1))


@pytest.mark.parametrize("other", [{"fingerprint": "e2"}, {"dtype": "float16"}])
def test_parts_of_another_encoder_or_type_are_deleted(tmp_path, other):
    store(tmp_path).add_part(digests(1), rows(0.1))
    assert store(tmp_path, **other).missing(digests(1)).tolist() == [0]
    assert not (tmp_path / "parts").exists()


def test_a_damaged_part_costs_its_own_pictures_only(tmp_path):
    kept = store(tmp_path)
    kept.add_part(digests(1), rows(0.1))
    kept.add_part(digests(2), rows(0.2))
    (tmp_path / "parts/part_000000.npz").write_bytes(b"PK\x03\x04half")
    again = store(tmp_path)
    assert again.missing(digests(1, 2)).tolist() == [0]
    again.add_part(digests(1), rows(0.1))
    assert store(tmp_path).missing(digests(1, 2)).tolist() == []


def test_a_part_that_seems_encrypted_is_damaged_too(tmp_path):
    store(tmp_path).add_part(digests(1), rows(0.1))
    part = tmp_path / "parts/part_000000.npz"
    content = bytearray(part.read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] = 1
    part.write_bytes(content)
    assert store(tmp_path).missing(digests(1)).tolist() == [0]


@pytest.mark.parametrize("value", [7e4, 1e-9])
def test_features_that_half_precision_cannot_hold_are_refused(tmp_path, value):
    with pytest.raises(ValueError, match="`dtype` must hold the encoder's features.*1 pictures"):
        store(tmp_path, dtype="float16").add_part(digests(1, 2), rows(1.0, value))
