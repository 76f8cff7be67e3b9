"""How every script starts and how it fails: one readable line, never a traceback of a mistake."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

from absl import app

USER_MISTAKE = 2
INTERRUPTED = 130

# TensorFlow reports its build and missing GPUs at import; errors still come through.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def launch(main: Callable[[], None]) -> None:
    """Parses the flags, runs `main`, and exits with a status that says how it went.

    0 after success, 2 after a mistake of the person (one line on standard error), 130 after
    Ctrl-C and 143 after SIGTERM, in both cases once a checkpoint is saved.

    Args:
        main: takes nothing; reads its flags.
    """

    def guarded(arguments: list[str]) -> None:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
        if len(arguments) > 1:
            _fail(f"unknown arguments: {' '.join(arguments[1:])} (flags begin with --)")
        try:
            main()
        except (ValueError, OSError) as error:
            if os.environ.get("SIMCLR_TF_TRACEBACK"):
                raise
            _fail(" ".join(str(error).split()))
        except KeyboardInterrupt:
            print("\nStopped. The same command with --resume goes on from here.", file=sys.stderr)
            sys.exit(INTERRUPTED)

    app.run(guarded, argv=sys.argv)


def _fail(message: str) -> None:
    print(f"Error: {message}", file=sys.stderr)
    sys.exit(USER_MISTAKE)
