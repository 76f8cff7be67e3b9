"""The flag that names a trained encoder, and the size of pictures that the encoder wants."""

from __future__ import annotations

from absl import flags

from experiments import decoding_flags

ENCODER_DIR = flags.DEFINE_string(
    "encoder_dir", None, "run folder, version or .keras file; to embed also .tflite or SavedModel"
)


def take_size_of_encoder() -> int:
    """Returns the size of the pictures, see `decoding_flags.take_size_of_encoder`."""
    return decoding_flags.take_size_of_encoder(ENCODER_DIR.value)
