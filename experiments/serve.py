"""Embed pictures and search with them over HTTP, for other programs on this machine.

    python experiments/serve.py --encoder_dir=runs/mine --index=embedded/embeddings.npz

    curl --data-binary @picture.jpg http://127.0.0.1:8000/embed
    curl --data-binary @picture.jpg 'http://127.0.0.1:8000/search?k=5'
    curl --data-binary @drawing.png http://127.0.0.1:8000/detect
    curl http://127.0.0.1:8000/health

Requests that come at the same time go through the encoder together. Without `--index`, which
embed.py or retrieve.py writes, there is no /search. With `--gallery` or `--train_drawings`, as
detect.py takes them, /detect finds their symbols on drawings. Only this machine reaches the
service, and it hands out no file. Ctrl-C and SIGTERM answer what is in hand first. Needs
pip install simclr_tf[serve].
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from absl import flags

from experiments import detector_flags, launcher, listening
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.serving.serving_settings import ServingSettings
from simclr_tf.protocols.upload_limits import UploadLimits

if TYPE_CHECKING:
    from simclr_tf.protocols.serving.symbol_finder import SymbolFinder

_HOST = "127.0.0.1"
_ENCODER_DIR = flags.DEFINE_string("encoder_dir", None, "run folder, version or model file")
_INDEX = flags.DEFINE_string("index", None, "embeddings.npz or gallery.index to search in")
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size", None, "side of the pictures in pixels; the index's or the encoder's own if unset"
)
_PORT = flags.DEFINE_integer("port", 8000, "port to listen on; 0: any that is free")
_SETTINGS = SettingsFlags(ServingSettings)
_LIMITS = SettingsFlags(UploadLimits)
flags.mark_flag_as_required("encoder_dir")


def main() -> None:
    """Reads the flags, opens the encoder and the index, and serves them."""
    settings, limits = _SETTINGS.read(), _LIMITS.read()
    detector_flags.read_settings()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with listening.open_port(_HOST, _PORT.value) as listener:
        _serve(listener, settings, limits)


def _serve(listener: socket.socket, settings: ServingSettings, limits: UploadLimits) -> None:
    from simclr_tf.protocols.serving.open_service import open_picture_service

    try:
        from experiments.serving import server
    except ImportError as error:
        raise ValueError(
            'The service needs the extra "serve": pip install "simclr_tf[serve]". '
            f"Received: {error}"
        ) from error
    index = None if _INDEX.value is None else os.path.expanduser(_INDEX.value)
    with contextlib.ExitStack() as opened:
        service = opened.enter_context(
            open_picture_service(
                _ENCODER_DIR.value,
                index,
                image_size=_IMAGE_SIZE.value,
                limits=limits,
                settings=settings,
            )
        )
        make_finder = _finder_of_symbols(limits)
        launcher.import_tensorflow()
        service.warm_up()
        finder = None
        if make_finder is not None:
            finder = opened.enter_context(make_finder(service.preparation.image_size))
        server.serve(service, listener, finder)


def _finder_of_symbols(limits: UploadLimits) -> Callable[[int], SymbolFinder] | None:
    """Reads the examples; returns what makes their detector once TensorFlow is imported."""
    if not detector_flags.is_given():
        return None
    training = detector_flags.read_training()
    gallery = detector_flags.read_gallery(training)

    def make(image_size: int) -> SymbolFinder:
        from simclr_tf.encoders.source import encoder_source
        from simclr_tf.protocols.serving.symbol_finder import SymbolFinder

        encoder = encoder_source(_ENCODER_DIR.value).load()
        detector = detector_flags.prepared_detector(
            encoder, image_size, gallery, detector_flags.read_settings(), training
        )
        return SymbolFinder(detector, gallery.class_names, limits)

    return make


if __name__ == "__main__":
    launcher.launch(main)
