import dataclasses

import pytest

from simclr_tf.protocols import EmbeddingSettings, SearchSettings, embedding_settings


@pytest.mark.parametrize(
    "change", [{"image_size": 64}, {"resize_mode": "pad"}, {"flip_average": True}, {"crops": 5}]
)
def test_another_preparation_has_another_fingerprint(change):
    settings = EmbeddingSettings()
    assert dataclasses.replace(settings, **change).fingerprint("e") != settings.fingerprint("e")


def test_another_decoder_has_another_fingerprint(monkeypatch):
    before = EmbeddingSettings().fingerprint("e")
    monkeypatch.setattr(embedding_settings, "DECODER_VERSION", -1)
    assert EmbeddingSettings().fingerprint("e") != before


def test_how_many_go_through_the_encoder_at_once_changes_no_fingerprint():
    assert EmbeddingSettings(batch_size=2).fingerprint("e") == EmbeddingSettings().fingerprint("e")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EmbeddingSettings(image_size=7), "`image_size` must be at least 8"),
        (lambda: EmbeddingSettings(resize_mode="x"), "`resize_mode` must be one of"),
        (lambda: EmbeddingSettings(crops=3), "`crops` must be one of: 1, 5"),
        (lambda: EmbeddingSettings(dtype="int8"), "`dtype` must be one of: float32, float16"),
        (lambda: EmbeddingSettings(batch_size=0), "`batch_size` must be at least 1"),
        (lambda: SearchSettings(top_k=0), "`top_k` must be at least 1"),
        (lambda: SearchSettings(engine="x"), "`engine` must be one of"),
        (lambda: SearchSettings(panels=101), "`panels` must be between 0 and 100"),
        (lambda: SearchSettings(resamples=0), "`resamples` must be at least 1"),
        (lambda: SearchSettings(seed=-1), "`seed` must be at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
