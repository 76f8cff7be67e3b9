"""What an export can be asked for: plain values with defaults, checked when made."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.data.decode import MINIMUM_SIZE, RESIZE_MODES

PRECISIONS = ("as_trained", "float32")
TFLITE_VARIANTS = ("float32", "float16", "int8")


@dataclasses.dataclass(frozen=True)
class ExportSettings:
    """How an encoder is exported.

    Attributes:
        image_size: height and width in pixels of the pictures that the encoder is meant for.
        resize_mode: crop, pad (white) or stretch, as in training.
        precision: as_trained, or float32 where the encoder computes in bfloat16 or float16.
        tflite: TensorFlow Lite files to write too: float32, float16, int8, with commas.
        onnx: also write an ONNX file; needs the extra onnx.
        torchvision: also write the weights of a ResNet under torchvision's names.
        licence: of the weights, for the model card.
    """

    image_size: int = 32
    resize_mode: str = "crop"
    precision: str = "as_trained"
    tflite: str = ""
    onnx: bool = False
    torchvision: bool = False
    licence: str = ""

    def __post_init__(self) -> None:
        check_at_least("image_size", self.image_size, MINIMUM_SIZE)
        check_one_of("resize_mode", self.resize_mode, RESIZE_MODES)
        check_one_of("precision", self.precision, PRECISIONS)
        for variant in self.tflite_variants:
            check_one_of("tflite", variant, TFLITE_VARIANTS)

    @property
    def tflite_variants(self) -> tuple[str, ...]:
        """The TensorFlow Lite files to write."""
        return tuple(part.strip() for part in self.tflite.split(",") if part.strip())
