"""An encoder before it is loaded: where it comes from, and what tells it from others."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from simclr_tf.encoders.find import encoder_fingerprint, encoder_image_size, find_encoder
from simclr_tf.encoders.frozen.model_file import ModelFile, model_file_kind
from simclr_tf.encoders.frozen.options import FrozenOptions

if TYPE_CHECKING:
    import keras


@runtime_checkable
class EncoderSource(Protocol):
    """What embedding needs of an encoder: to know it without TensorFlow, and to load it.

    Attributes:
        default_image_size: Side of the pictures in pixels where nobody says another.
    """

    @property
    def default_image_size(self) -> int:
        """Side of the pictures in pixels where nobody says another."""

    def fingerprint(self) -> str:
        """Returns a hexadecimal digest that other encoders do not have."""

    def image_size(self) -> int | None:
        """Returns the only side that the pictures may have, in pixels; None for any."""

    def description(self) -> dict[str, Any]:
        """Returns where the encoder came from, in types that JSON has."""

    def load(self) -> Any:
        """Returns a callable from raw pictures uint8 `[batch, size, size, 3]`, with `training`."""


@dataclasses.dataclass(frozen=True)
class TrainedEncoder:
    """An encoder of this package: it scales raw pictures itself.

    Args:
        encoder_dir: See `find_encoder`.
    """

    encoder_dir: str
    default_image_size = 32

    def fingerprint(self) -> str:
        """See `encoder_fingerprint`."""
        return encoder_fingerprint(self.encoder_dir)

    def image_size(self) -> int | None:
        """See `encoder_image_size`."""
        return encoder_image_size(self.encoder_dir)

    def description(self) -> dict[str, Any]:
        """See `EncoderSource`."""
        return {"kind": "encoder", "path": os.fspath(find_encoder(self.encoder_dir))}

    def load(self) -> keras.Model:
        """See `load_encoder`."""
        from simclr_tf.encoders.load import load_encoder

        return load_encoder(self.encoder_dir)


def encoder_source(
    encoder_dir: str | os.PathLike[str],
    options: FrozenOptions | None = None,
    *,
    resize_mode: str = "crop",
    float_scaling: str = "auto",
    name: str = "encoder_dir",
) -> EncoderSource:
    """Returns what a path means: an encoder of this package, or a model of somebody else.

    A `.keras` file is taken for an encoder that scales pictures itself unless `options` say
    otherwise.

    Args:
        encoder_dir: A run folder, one of its versions, a `.keras` file, a `.tflite` file or a
            SavedModel folder.
        options: Of a model of somebody else.
        resize_mode: See `ModelFile`.
        float_scaling: See `ModelFile`.
        name: Of the argument, for errors.

    Raises:
        ValueError: There is no encoder, or `options` are given for one that needs none.
    """
    options = options or FrozenOptions()
    path = os.fspath(encoder_dir)
    kind = model_file_kind(path)
    told = options != FrozenOptions()
    if kind in ("tflite", "saved_model") or (kind == "keras" and told):
        return ModelFile(path, options, resize_mode, float_scaling)
    try:
        find_encoder(path)
    except ValueError as error:
        reason = "has none" if os.path.exists(os.path.expanduser(path)) else "does not exist"
        raise ValueError(
            f"`{name}` must be a .keras file, a run folder or one of its versions with "
            "encoder.keras in it, a .tflite file or a SavedModel folder. "
            f"Received: {name}={path!r}, which {reason}"
        ) from error
    if told:
        raise ValueError(
            "`frozen_scaling` and `frozen_output` are for model files; the encoder of a run "
            f"scales its pictures itself. Received: {name}={path!r}"
        )
    return TrainedEncoder(path)
