"""A page that shows, for a picture, the most similar pictures of an embedded folder.

    python experiments/embed.py --encoder_dir=runs/mine --data_dir=FOLDER --output_dir=embedded
    python experiments/app.py --encoder_dir=runs/mine --index=embedded/embeddings.npz

Then open http://127.0.0.1:7860 in a browser: drop a picture, mark a part of it, choose how many
neighbours and of which classes, and go on with any neighbour. `--index` also takes gallery.index
of retrieve.py. Only this machine reaches the page unless `--host` says otherwise; it asks no other
machine for anything, and shows no file but the indexed pictures. Needs pip install simclr_tf[app].
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
from simclr_tf.protocols.upload_limits import UploadLimits

if TYPE_CHECKING:
    from simclr_tf.protocols.picture_search import PictureSearch

_ENCODER_DIR = flags.DEFINE_string(
    "encoder_dir", None, "run folder, version or model file that the index was made with"
)
_INDEX = flags.DEFINE_string("index", None, "embeddings.npz or gallery.index to search in")
_TOP_K = flags.DEFINE_integer("top_k", 12, "neighbours at first, at least 1")
_HOST = flags.DEFINE_string("host", "127.0.0.1", "address to listen on; 0.0.0.0: every network")
_PORT = flags.DEFINE_integer("port", 7860, "port to listen on; 0: any that is free")
_FOLLOW_LINKS = flags.DEFINE_bool(
    "follow_links", False, "also show pictures outside the folder that links in it lead to"
)
_LIMITS = SettingsFlags(UploadLimits)
flags.mark_flags_as_required(("encoder_dir", "index"))


def main() -> None:
    """Reads the flags, opens the index and serves the page."""
    from experiments.search_page import server
    from simclr_tf.checks import check_at_least

    limits = _LIMITS.read()
    check_at_least("top_k", _TOP_K.value, 1)
    # Like Ctrl-C, it may not leave the folder of uploads behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with listening.open_port(_HOST.value, _PORT.value) as listener:
        search = _open(limits)
        with server.private_gradio() as folder:
            launcher.import_tensorflow()
            search.warm_up()
            _serve(search, listener, folder)


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
