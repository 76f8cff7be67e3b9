"""Load a trained encoder."""

from __future__ import annotations

import os
import pathlib

import keras
import tensorflow as tf

from simclr_tf.archives import DAMAGED_FILE_ERRORS, check_archive

# Registers the layers that a saved encoder may hold.
from simclr_tf.encoders import batch_normalization as _batch_normalization  # noqa: F401
from simclr_tf.encoders import caffe_scaling as _caffe_scaling  # noqa: F401
from simclr_tf.encoders import convolution as _convolution  # noqa: F401
from simclr_tf.encoders import encoder_input as _encoder_input  # noqa: F401
from simclr_tf.encoders import picture_scaling as _picture_scaling  # noqa: F401
from simclr_tf.encoders.find import find_encoder


def load_encoder(encoder_dir: str | os.PathLike[str]) -> keras.Model:
    """Loads the encoder that `encoder_dir` means, see `find_encoder`.

    Raises:
        ValueError: if there is none or the file is not a readable Keras model.
    """
    return load_keras_model(find_encoder(encoder_dir))


def load_keras_model(path: pathlib.Path) -> keras.Model:
    """Loads an encoder or a projection head from its file.

    Raises:
        ValueError: if the file is not a readable Keras model.
    """
    try:
        check_archive(path)
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ImportError, *DAMAGED_FILE_ERRORS, tf.errors.OpError) as error:
        # Keras puts what happened inside after the whole config of the model.
        text = str(error).rpartition("Exception encountered: ")[2]
        reason = (text or str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(
            f"`encoder_dir` must hold a readable Keras model. Received: {path}: {reason}"
        ) from error
