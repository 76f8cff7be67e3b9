"""The flags that say which encoder embeds: a trained one, or one by its kind."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from absl import flags

from experiments import decoding_flags, encoder_flags, source_flags
from simclr_tf.encoders.model_types import MODEL_TYPES

if TYPE_CHECKING:
    from simclr_tf.encoders.source import EncoderSource

_MODEL_TYPE = flags.DEFINE_string(
    "model_type", None, f"instead of encoder_dir: {', '.join(MODEL_TYPES)}"
)
_WEIGHTS = flags.DEFINE_string(
    "weights", None, "of model_type: a run folder, a model file or, for imagenet, a weights file"
)


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


def take_size_of_encoder() -> int:
    """Returns the size of the pictures, see `decoding_flags.take_size`."""
    return decoding_flags.take_size(*source_flags.size_of(read_source()))
