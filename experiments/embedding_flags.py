"""The flags of embedding: how, and which pictures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from experiments import decoding_flags, launcher, model_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.embedding_settings import EmbeddingSettings

if TYPE_CHECKING:
    from simclr_tf.data import PictureIndex

_SETTINGS = SettingsFlags(EmbeddingSettings, leave_out=("image_size", "resize_mode"))


def read_settings() -> EmbeddingSettings:
    """Returns the settings; without `--image_size`, the size is the encoder's own.

    Raises:
        ValueError: if a flag is not accepted or there is no encoder.
    """
    decoding_flags.check_decoding()
    # The other flags are looked at before the encoder is.
    _SETTINGS.read(
        image_size=decoding_flags.IMAGE_SIZE.value, resize_mode=decoding_flags.RESIZE_MODE.value
    )
    size = model_flags.take_size_of_encoder()
    return _SETTINGS.read(image_size=size, resize_mode=decoding_flags.RESIZE_MODE.value)


def find_pictures(
    data_dir: str | None, dataset: str | None = None, argument: str = "data_dir"
) -> PictureIndex:
    """Returns all pictures of a folder or data set, none held out, and prints what is odd.

    Args:
        data_dir: the folder.
        dataset: the data set.
        argument: the flag of the folder, for errors.
    """
    from simclr_tf.data import index_pictures
    from simclr_tf.data.selection import Selection

    if dataset is not None:
        launcher.import_tensorflow()
    index = index_pictures(
        data_dir,
        dataset,
        Selection(validation_fraction=0.0, test_fraction=0.0),
        label_depth=decoding_flags.LABEL_DEPTH.value,
        cache_dir=decoding_flags.CACHE_DIR.value,
        argument=argument,
    )
    for warning in index.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    return index
