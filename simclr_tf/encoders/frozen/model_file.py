"""A model file as the source of an encoder; TensorFlow is imported when it is opened."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import pathlib
from typing import TYPE_CHECKING, Any

from simclr_tf.encoders.find import encoder_fingerprint
from simclr_tf.encoders.frozen.options import FrozenOptions

if TYPE_CHECKING:
    from simclr_tf.encoders.frozen.frozen_encoder import FrozenEncoder
    from simclr_tf.encoders.frozen.network import Network

_SAVED_MODEL = "saved_model.pb"
# What a SavedModel computes with; the rest says when it was written.
_SAVED_MODEL_PARTS = ("variables", "assets")
_BLOCK = 1 << 20


def model_file_kind(path: str | os.PathLike[str]) -> str | None:
    """Returns `"tflite"`, `"saved_model"` or `"keras"`; None for anything else."""
    path = pathlib.Path(path).expanduser()
    if path.is_dir():
        return "saved_model" if (path / _SAVED_MODEL).is_file() else None
    return {".tflite": "tflite", ".keras": "keras"}.get(path.suffix) if path.is_file() else None


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """A model of somebody else: a `.tflite` file, a SavedModel folder or a `.keras` file.

    Args:
        path: The file or folder.
        options: What it does not tell of itself.
        resize_mode: How square pictures become those of a model that takes oblong ones.
        float_scaling: What the scaling `"auto"` means to a model of floating numbers.

    Raises:
        ValueError: `path` is none of the three.
    """

    path: str
    options: FrozenOptions = FrozenOptions()
    resize_mode: str = "crop"
    float_scaling: str = "auto"
    # Of pictures for a model that takes any; those that do are made for ImageNet's.
    default_image_size = 224

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", os.path.expanduser(self.path))
        if model_file_kind(self.path) is None:
            raise ValueError(
                "A model file must be a .tflite file, a .keras file or a SavedModel folder "
                f"({_SAVED_MODEL} in it). Received: {self.path!r}"
            )

    @property
    def kind(self) -> str:
        """`"tflite"`, `"saved_model"` or `"keras"`."""
        return model_file_kind(self.path) or ""

    def fingerprint(self) -> str:
        """Returns a hexadecimal digest of the model's content and of its options."""
        content = {
            "tflite": _file_digest,
            "saved_model": _saved_model_digest,
            "keras": encoder_fingerprint,
        }[self.kind](pathlib.Path(self.path))
        parts = (content, self.options.scaling, self.float_scaling, self.options.output)
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def image_size(self) -> int | None:
        """Returns the longer side of the model's pictures; None if it takes any size."""
        sides = (self._network.height, self._network.width)
        return None if None in sides else max(side or 0 for side in sides)

    def description(self) -> dict[str, Any]:
        """Returns where the encoder came from, in types that JSON has."""
        return {
            "kind": self.kind,
            "path": self.path,
            **dataclasses.asdict(self.options),
            "float_scaling": self.float_scaling,
        }

    def load(self) -> FrozenEncoder:
        """Returns the encoder.

        Raises:
            ValueError: The model cannot be read or run, or must be told its scaling.
        """
        from simclr_tf.encoders.frozen.frozen_encoder import FrozenEncoder

        return FrozenEncoder(
            self._network, self.options.scaling, self.resize_mode, self.path, self.float_scaling
        )

    @functools.cached_property
    def _network(self) -> Network:
        output = self.options.output
        if self.kind == "tflite":
            from simclr_tf.encoders.frozen.tflite_network import TFLiteNetwork

            return TFLiteNetwork(self.path, output, raw_pictures=self.options.scaling == "auto")
        if self.kind == "saved_model":
            from simclr_tf.encoders.frozen.saved_model_network import SavedModelNetwork

            return SavedModelNetwork(self.path, output)
        from simclr_tf.encoders.frozen.keras_network import KerasNetwork

        return KerasNetwork(self.path, output)


def _saved_model_digest(folder: pathlib.Path) -> str:
    files = [folder / _SAVED_MODEL]
    for part in _SAVED_MODEL_PARTS:
        files += sorted(file for file in (folder / part).rglob("*") if file.is_file())
    lines = [f"{file.relative_to(folder).as_posix()} {_file_digest(file)}" for file in files]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _file_digest(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
