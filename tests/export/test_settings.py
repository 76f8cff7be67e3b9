import pytest

from simclr_tf.export import ExportSettings


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"image_size": 7}, "`image_size` must be at least 8. Received: image_size=7"),
        ({"resize_mode": "zoom"}, "`resize_mode` must be one of: crop, pad, stretch"),
        ({"precision": "half"}, "`precision` must be one of: as_trained, float32"),
        ({"tflite": "float32,int4"}, "`tflite` must be one of: float32, float16, int8. .*'int4'"),
    ],
)
def test_what_is_not_accepted_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExportSettings(**arguments)


def test_variants_are_separated_by_commas():
    assert ExportSettings(tflite=" float16, int8 ").tflite_variants == ("float16", "int8")
    assert ExportSettings().tflite_variants == ()
