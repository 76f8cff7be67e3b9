"""The flags of encoders that were not trained here, and what pictures an encoder wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from absl import flags

from experiments import decoding_flags, launcher
from experiments.settings_flags import SettingsFlags
from simclr_tf.encoders.frozen.options import FrozenOptions
from simclr_tf.encoders.model_types import encoder_of_type

if TYPE_CHECKING:
    from simclr_tf.encoders.source import EncoderSource

_ENCODER = flags.DEFINE_string("encoder", "squeezenet", "network of the model type imagenet")
_FROZEN = SettingsFlags(FrozenOptions, prefix="frozen_")


def read_options() -> FrozenOptions:
    """Returns what the flags say of a model file."""
    return _FROZEN.read()


def source_of_type(model_type: str, weights: str | None) -> EncoderSource:
    """Returns an encoder of a kind, see `encoder_of_type`."""
    return encoder_of_type(
        model_type,
        weights,
        network=_ENCODER.value,
        options=read_options(),
        resize_mode=decoding_flags.RESIZE_MODE.value,
    )


def size_of(source: EncoderSource) -> tuple[int | None, int]:
    """Returns the only side that a source's pictures may have, and the one where none is told."""
    from simclr_tf.encoders.frozen.model_file import ModelFile

    if isinstance(source, ModelFile):
        # Only the opened model knows.
        launcher.import_tensorflow()
    return source.image_size(), source.default_image_size
