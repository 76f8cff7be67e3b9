"""The flag that names a trained encoder, and the size of pictures that the encoder wants."""

from __future__ import annotations

from absl import flags

from experiments import decoding_flags
from simclr_tf.encoders.find import encoder_image_size

ENCODER_DIR = flags.DEFINE_string("encoder_dir", None, "run folder, version or .keras file")
flags.mark_flag_as_required("encoder_dir")


def take_size_of_encoder() -> int:
    """Returns the size of the pictures, and sets `--image_size` to it: the encoder's own.

    Raises:
        ValueError: if there is no encoder, or `--image_size` asks for another size than its own.
    """
    wanted = decoding_flags.IMAGE_SIZE.value
    size = encoder_image_size(ENCODER_DIR.value) or wanted
    if size != wanted and flags.FLAGS["image_size"].present:
        raise ValueError(
            f"`image_size` must be {size}, the size of the pictures that the encoder was trained "
            f"with. Received: image_size={wanted}"
        )
    flags.FLAGS["image_size"].value = size
    return size
