"""The flags that say how picture files are read, shared by all scripts."""

from __future__ import annotations

from absl import flags

IMAGE_SIZE = flags.DEFINE_integer("image_size", 32, "height and width in pixels, at least 8")
RESIZE_MODE = flags.DEFINE_string("resize_mode", "crop", "crop, pad (white) or stretch")
LABEL_DEPTH = flags.DEFINE_integer(
    "label_depth", 1, "folder that names the class: 1 the outermost, -1 the innermost"
)
CACHE_DIR = flags.DEFINE_string("cache_dir", None, "decoded pictures; ~/.cache/simclr_tf if unset")


def check_decoding() -> None:
    """Raises `ValueError` if a flag cannot be right, whatever the pictures."""
    from simclr_tf.checks import check_at_least, check_one_of
    from simclr_tf.data.decode import MINIMUM_SIZE, RESIZE_MODES

    check_at_least("image_size", IMAGE_SIZE.value, MINIMUM_SIZE)
    check_one_of("resize_mode", RESIZE_MODE.value, RESIZE_MODES)
    if LABEL_DEPTH.value != -1:
        check_at_least("label_depth", LABEL_DEPTH.value, 1)


def take_size_of_encoder(encoder_dir: str) -> int:
    """Returns the size of the pictures, and sets `--image_size` to it: the encoder's own.

    Raises:
        ValueError: if there is no encoder, or `--image_size` asks for another size than its own.
    """
    from simclr_tf.encoders.find import encoder_image_size

    return take_size(encoder_image_size(encoder_dir))


def take_size(only: int | None, default: int | None = None) -> int:
    """Returns the size of the pictures, and sets `--image_size` to it.

    Args:
        only: the size that the encoder takes; None if it takes any.
        default: of an encoder that takes any; the flag's own by default.

    Raises:
        ValueError: if `--image_size` asks for another size than `only`.
    """
    flag, wanted = flags.FLAGS["image_size"], IMAGE_SIZE.value
    size = only or (wanted if flag.present or default is None else default)
    if size != wanted and flag.present:
        raise ValueError(
            f"`image_size` must be {size}, the size of the pictures that the encoder was trained "
            f"with. Received: image_size={wanted}"
        )
    flag.value = size
    return size
