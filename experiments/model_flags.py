"""The flags that say which encoder embeds: a trained one, or one by its kind."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import decoding_flags, encoder_flags, launcher, source_flags
from simclr_tf.encoders.model_types import MODEL_TYPES

if TYPE_CHECKING:
    from simclr_tf.encoders.source import EncoderSource

_MODEL_TYPE = flags.DEFINE_string(
    "model_type", None, f"instead of encoder_dir: {', '.join(MODEL_TYPES)}"
)
_WEIGHTS = flags.DEFINE_string(
    "weights", None, "of model_type: a run folder, a model file or, for imagenet, a weights file"
)


def is_given() -> bool:
    """Returns whether an encoder is asked for at all."""
    return encoder_flags.ENCODER_DIR.value is not None or _MODEL_TYPE.value is not None


@functools.cache
def read_source() -> EncoderSource:
    """Returns where the encoder comes from.

    Raises:
        ValueError: if it is not given, given twice or not there.
    """
    from simclr_tf.encoders.source import encoder_source

    encoder_dir, model_type, weights = (
        holder.value for holder in (encoder_flags.ENCODER_DIR, _MODEL_TYPE, _WEIGHTS)
    )
    if (encoder_dir is None) == (model_type is None):
        raise ValueError(
            "Exactly one of `encoder_dir` and `model_type` must be given. Received: "
            f"encoder_dir={encoder_dir!r}, model_type={model_type!r}"
        )
    if model_type is not None:
        return source_flags.source_of_type(model_type, weights)
    if weights is not None:
        raise ValueError(
            "`weights` may be given only with `model_type`; `encoder_dir` names the encoder "
            f"itself. Received: weights={weights!r}"
        )
    return encoder_source(
        encoder_dir,
        source_flags.read_options(),
        resize_mode=decoding_flags.RESIZE_MODE.value,
    )


def load_if_given() -> tuple[Any, int]:
    """Returns the encoder, or None where none is asked for, and the size of its pictures."""
    if not is_given():
        print("No encoder is given: the pixels alone decide.")
        return None, decoding_flags.IMAGE_SIZE.value
    source = read_source()
    size = take_size_of_encoder()
    launcher.import_tensorflow()
    return source.load(), size


def take_size_of_encoder() -> int:
    """Returns the size of the pictures, see `decoding_flags.take_size`."""
    return decoding_flags.take_size(*source_flags.size_of(read_source()))
