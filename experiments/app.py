"""A page that shows, for a picture, the most similar pictures of an embedded folder.

    python experiments/embed.py --encoder_dir=runs/mine --data_dir=FOLDER --output_dir=embedded
    python experiments/app.py --encoder_dir=runs/mine --index=embedded/embeddings.npz
    python experiments/app.py --drawings

Then open http://127.0.0.1:7860 in a browser: drop a picture, mark a part of it, choose how many
neighbours and of which classes, and go on with any neighbour. `--index` also takes gallery.index
of retrieve.py. With `--drawings` the page takes a drawing instead: draw a box round one symbol on
it, and it shows all the others with their scores, by their pixels alone or with the encoder of
`--encoder_dir`; symbols at other than quarter turns need more `--angles`. Only this machine
reaches the page unless `--host` says otherwise; it asks no other machine for anything, and shows
no file but the indexed pictures. Needs pip install simclr_tf[app].
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

from absl import flags

from experiments import launcher, listening
from experiments.settings_flags import SettingsFlags
from simclr_tf.detection.settings import DetectorSettings
from simclr_tf.protocols.upload_limits import UploadLimits

if TYPE_CHECKING:
    from simclr_tf.protocols.picture_search import PictureSearch

_ENCODER_DIR = flags.DEFINE_string(
    "encoder_dir", None, "run folder, version or model file that the index was made with"
)
_INDEX = flags.DEFINE_string("index", None, "embeddings.npz or gallery.index to search in")
_DRAWINGS = flags.DEFINE_bool("drawings", False, "a page that finds symbols on a drawing instead")
_TOP_K = flags.DEFINE_integer("top_k", 12, "neighbours at first, at least 1")
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0: every network")
_PORT = flags.DEFINE_integer("port", 7860, "port to listen on; 0: any that is free")
_FOLLOW_LINKS = flags.DEFINE_bool(
    "follow_links", False, "also show pictures outside the folder that links in it lead to"
)
# Side in pixels of what an encoder that takes any size sees of a symbol.
_IMAGE_SIZE = 64
_LIMITS = SettingsFlags(UploadLimits)
_SYMBOLS = SettingsFlags(DetectorSettings, only=("angles", "stretch"))


def main() -> None:
    """Reads the flags, opens the index if there is one, and serves the page."""
    from experiments.search_page import server

    limits, symbols = _LIMITS.read(), _SYMBOLS.read()
    _check_flags()
    # Like Ctrl-C, it may not leave the folder of uploads behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with listening.open_port(_HOST.value, _PORT.value) as listener:
        search = None if _DRAWINGS.value else _open(limits)
        with server.private_gradio() as folder:
            if search is None:
                _serve_drawings(limits, symbols, listener, folder)
            else:
                launcher.import_tensorflow()
                search.warm_up()
                _serve(search, listener, folder)


def _check_flags() -> None:
    from simclr_tf.checks import check_at_least

    check_at_least("top_k", _TOP_K.value, 1)
    if _DRAWINGS.value:
        if _INDEX.value is not None:
            raise ValueError(
                "`index` is of the page without `drawings`. "
                f"Received: index={_INDEX.value!r}, drawings=True"
            )
    elif None in (_ENCODER_DIR.value, _INDEX.value):
        raise ValueError(
            "`encoder_dir` and `index` must be given, or `drawings`. Received: "
            f"encoder_dir={_ENCODER_DIR.value!r}, index={_INDEX.value!r}"
        )


def _serve_drawings(
    limits: UploadLimits, settings: DetectorSettings, listener: socket.socket, folder: str
) -> None:
    from experiments.search_page import server
    from experiments.symbol_page import markup
    from experiments.symbol_page.answers import SymbolAnswers
    from experiments.symbol_page.page import CSS, build_page

    encoder, image_size = None, _IMAGE_SIZE
    if _ENCODER_DIR.value is not None:
        from simclr_tf.encoders.source import encoder_source

        source = encoder_source(_ENCODER_DIR.value)
        launcher.import_tensorflow()
        encoder, image_size = source.load(), source.image_size() or _IMAGE_SIZE
    answers = SymbolAnswers(folder, limits, settings, encoder, image_size)
    page = build_page(answers, markup.heading(_ENCODER_DIR.value))
    # Whoever opens the page at once waits for the server instead of being refused.
    listener.listen()
    address = listening.address_of(listener)
    print(f"Symbols on drawings. Open {address} (Ctrl-C stops.)", flush=True)
    server.serve(page, listener, limits.max_bytes, CSS)


def _serve(search: PictureSearch, listener: socket.socket, folder: str) -> None:
    from experiments.search_page import markup, server
    from experiments.search_page.answers import Answers
    from experiments.search_page.page import build_page

    root = search.pictures.gallery.root
    heading = markup.heading(len(search), root, _ENCODER_DIR.value)
    page = build_page(Answers(search, folder), heading, _TOP_K.value)
    if not listening.is_loopback(listener):
        print(
            f"Warning: everyone who reaches {_HOST.value} can see the pictures of {root}.",
            file=sys.stderr,
        )
    # Whoever opens the page at once waits for the server instead of being refused.
    listener.listen()
    address = listening.address_of(listener)
    print(f"{len(search):,} pictures. Open {address} (Ctrl-C stops.)", flush=True)
    server.serve(page, listener, search.limits.max_bytes)


def _open(limits: UploadLimits) -> PictureSearch:
    from simclr_tf.protocols.picture_search_files import open_picture_search

    return open_picture_search(
        os.path.expanduser(_INDEX.value),
        _ENCODER_DIR.value,
        limits=limits,
        follow_links=_FOLLOW_LINKS.value,
    )


if __name__ == "__main__":
    launcher.launch(main)
