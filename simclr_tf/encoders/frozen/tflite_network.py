"""TensorFlow Lite files, run batch by batch on all cores."""

from __future__ import annotations

import os
import threading
import warnings
from typing import Any

import numpy as np
import tensorflow as tf

from simclr_tf.encoders.frozen.network import choose_output, find_picture_input

# The interpreter keeps the activations of one batch, so memory grows with it and speed does not.
_BATCH = 16
_DTYPES = ("float32", "uint8", "int8")
# Two pictures at once and one after the other: rounding differs, a mixed-up batch differs more.
_TOLERANCE = 1e-2


class TFLiteNetwork:
    """Runs a TensorFlow Lite model on float32 pictures of any number.

    Inputs beside the pictures, such as labels that were left in the graph, get zeros. A model
    that was converted for one picture at a time is run in batches where that gives the same, and
    picture by picture where it does not. Quantised models get and give real numbers.

    Args:
        path: The file.
        output: Name of the output that is the embedding, where there are several.
        raw_pictures: Whole-number inputs get the pictures 0..255 as they are, or less 128,
            instead of being computed from real numbers by the model's own scale.
        num_threads: At least 1; all cores by default.

    Raises:
        ValueError: The file is not a TensorFlow Lite model, or not one of pictures.

    Reference:
        Jacob et al. 2018, "Quantization and training of neural networks for efficient
        integer-arithmetic-only inference", equation 1: real = scale * (whole - zero_point).
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        output: str = "",
        raw_pictures: bool = False,
        num_threads: int | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._threads = num_threads or os.cpu_count() or 1
        self._raw_pictures = raw_pictures
        # Extraction is one thread, but a page that serves a search has several.
        self._lock = threading.Lock()
        self._open()
        inputs = {detail["name"]: detail for detail in self._interpreter.get_input_details()}
        shapes = {name: detail["shape_signature"].tolist() for name, detail in inputs.items()}
        picture = find_picture_input(shapes, self._path)
        self._input = inputs.pop(picture)
        self._others = [detail["index"] for detail in inputs.values()]
        self.height, self.width = (side if side > 0 else None for side in shapes[picture][1:3])
        self.picture_dtype = np.dtype(self._input["dtype"]).name
        if self.picture_dtype not in _DTYPES:
            raise ValueError(
                f"{self._path} must take pictures of the type float32, uint8 or int8. "
                f"Received: {self.picture_dtype}"
            )
        outputs = {detail["name"]: detail for detail in self._interpreter.get_output_details()}
        self._output = outputs[choose_output(outputs, output, self._path)]
        self._batch: int | None = None

    @property
    def is_quantised(self) -> bool:
        """See `Network`."""
        return bool(self._input["quantization"][0])

    def __call__(self, pictures: tf.Tensor) -> tf.Tensor:
        """See `Network`."""
        features = tf.numpy_function(self.run, [pictures], tf.float32, stateful=False)
        # The first entry is the batch; nothing else may depend on the number of pictures.
        features.set_shape([None, *self._output_shape(pictures.shape[1:3])])
        return features

    def run(self, pictures: np.ndarray) -> np.ndarray:
        """Returns the output float32 `[n, ...]` for float32 pictures `[n, height, width, 3]`."""
        with self._lock:
            if self._batch is None:
                self._batch = _BATCH if self._runs_batches(pictures.shape[1:3]) else 1
            size = min(self._batch, len(pictures))
            parts = []
            for start in range(0, len(pictures), size):
                batch = pictures[start : start + size]
                missing = size - len(batch)
                # A batch of another size would make the interpreter plan its memory anew.
                padded = np.pad(batch, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else batch
                parts.append(self._invoke(padded)[: len(batch)])
            return np.concatenate(parts)

    def _open(self) -> None:
        try:
            self._interpreter = _interpreter(self._path, self._threads)
        except (OSError, RuntimeError, ValueError) as error:
            raise ValueError(_cannot_run(self._path, error)) from error
        self._allocated: tuple[int, ...] | None = None

    def _runs_batches(self, size: tuple[int, ...]) -> bool:
        """Whether two pictures at once give what each of them gives alone."""
        low, high = (0, 255) if self._raw_pictures else (-1, 1)
        generator = np.random.default_rng(0)
        pictures = generator.uniform(low, high, (2, *size, 3)).astype(np.float32)
        apart = np.concatenate([self._invoke(picture[None]) for picture in pictures])
        try:
            together = self._invoke(pictures)
        except ValueError:
            # What is left of the interpreter after a failure may be of no use.
            self._open()
            return False
        if together.shape != apart.shape:
            return False
        return bool(np.abs(together - apart).max() <= _TOLERANCE * np.abs(apart).max())

    def _invoke(self, pictures: np.ndarray) -> np.ndarray:
        try:
            if self._allocated != pictures.shape:
                self._interpreter.resize_tensor_input(self._input["index"], pictures.shape)
                self._interpreter.allocate_tensors()
                for detail in self._interpreter.get_input_details():
                    if detail["index"] in self._others:
                        zeros = np.zeros(detail["shape"], detail["dtype"])
                        self._interpreter.set_tensor(detail["index"], zeros)
                self._allocated = pictures.shape
            self._interpreter.set_tensor(self._input["index"], self._quantised(pictures))
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ValueError(_cannot_run(self._path, error)) from error
        values = self._interpreter.get_tensor(self._output["index"])
        scale, zero_point = self._output["quantization"]
        if scale:
            return (values.astype(np.float32) - zero_point) * np.float32(scale)
        return values.astype(np.float32)

    def _quantised(self, pictures: np.ndarray) -> np.ndarray:
        if self.picture_dtype == "float32":
            return pictures
        limits = np.iinfo(self.picture_dtype)
        scale, zero_point = self._input["quantization"]
        if self._raw_pictures or not scale:
            values = pictures + limits.min
        else:
            values = pictures / scale + zero_point
        return np.clip(np.rint(values), limits.min, limits.max).astype(self.picture_dtype)

    def _output_shape(self, size: tuple[int | None, ...]) -> tuple[int | None, ...]:
        sides = self._output["shape_signature"].tolist()[1:]
        if len(sides) > 1 and (self.height, self.width) != tuple(size):
            # A map of features grows with the pictures.
            return (None,) * len(sides)
        return tuple(side if side > 0 else None for side in sides)


def _interpreter(path: str, num_threads: int) -> Any:
    """Opens a file with LiteRT, the interpreter's package of its own, or with TensorFlow's."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        if not hasattr(tf, "lite"):
            raise ValueError(
                "TensorFlow Lite files need a package that this TensorFlow does not bring: "
                'pip install "simclr_tf[tflite]".'
            ) from None
        Interpreter = tf.lite.Interpreter
    with warnings.catch_warnings():
        # TensorFlow announces at every start that its own is to go.
        warnings.filterwarnings("ignore", message=r"\s*Warning: tf.lite.Interpreter is deprecated")
        return Interpreter(model_path=path, num_threads=num_threads)


def _cannot_run(path: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"The TensorFlow Lite model {path} cannot be run: {reason}"
