"""How every script starts and how it fails: one readable line, never a traceback of a mistake."""

from __future__ import annotations

import gc
import io
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
from typing import NoReturn

from absl import app, flags
from absl import logging as absl_logging

USER_MISTAKE = 2
INTERRUPTED = 130
# "Try again" in sysexits.h.
LOST_WORKER = 75
_WANTED = {"bool": "true or false", "int": "a whole number", "float": "a number"}

# TensorFlow reports its build and missing GPUs at import; errors still come through.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def launch(main: Callable[[], None]) -> None:
    """Parses the flags, runs `main`, and exits with a status that says how it went.

    A value that begins with `~` is a path below the home folder, whichever flag it is of.

    0 after success and after `--help`, 2 after a mistake of the person (one line on standard
    error), 130 after Ctrl-C and 143 after SIGTERM, in both cases once a checkpoint is saved; 75
    where another worker of the same training was lost.

    Args:
        main: takes nothing; reads its flags.
    """

    def guarded(arguments: list[str]) -> None:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
        # TensorFlow Datasets reports every file that it opens.
        absl_logging.set_verbosity(absl_logging.WARNING)
        # It reports that it was imported; absl shows what is not worth a warning too.
        logging.getLogger("faiss").setLevel(logging.WARNING)
        # A file's name may hold what the terminal cannot show; standard error does so already.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        if len(arguments) > 1:
            _fail(f"unknown arguments: {' '.join(arguments[1:])} (flags begin with --)")
        try:
            main()
        except (ValueError, OSError) as error:
            if os.environ.get("SIMCLR_TF_TRACEBACK"):
                raise
            _fail(" ".join(str(error).split()))
        except KeyboardInterrupt:
            print("\n" + _after_a_stop(), file=sys.stderr)
            sys.exit(INTERRUPTED)

    _show_shared_flags()
    app.run(guarded, argv=sys.argv, flags_parser=_parse_flags)


def import_tensorflow() -> None:
    """Imports TensorFlow without its remarks on a machine without a GPU.

    Its C++ part writes them before it reads any setting, so only the file can be turned aside.
    What it wrote is shown after all where the import fails. What is in memory then is not searched
    for garbage any more. Called once the flags are known to be
    good and the pictures of a folder are read, so that a mistake in them is answered at once.
    """
    shown = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()
        except BaseException:
            aside.seek(0)
            os.write(shown, aside.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)
    # Searching the library's objects for garbage took a tenth of the time of a short run.
    gc.freeze()


def _parse_flags(arguments: list[str]) -> list[str]:
    """Reads the flags; returns what of the command line is none."""
    try:
        rest = flags.FLAGS(arguments)
    except flags.Error as error:
        _fail(_flag_mistake(error))
    except SystemExit:
        # Help was asked for and given; absl calls that 1.
        sys.exit(0)
    for name in flags.FLAGS:
        flag = flags.FLAGS[name]
        # The shell does so only where a path stands apart, and not in --flag=~/path.
        if isinstance(flag.value, str) and flag.value.startswith("~"):
            flag.value = os.path.expanduser(flag.value)
    return rest


def _flag_mistake(error: flags.Error) -> str:
    """Returns in one line what is wrong with a flag, in the words of every other mistake."""
    text = " ".join(str(error).split())
    if isinstance(error, flags.UnrecognizedFlagError):
        return text if "Did you mean" in text else f"{text} (--help lists them)"
    told = re.match(r"flag --(\w+)=(.*?): ", text)
    if told is None:
        return text
    name, value = told.groups()
    flag = flags.FLAGS[name]
    wanted = _WANTED.get(flag.flag_type())
    if isinstance(flag.parser, flags.EnumParser):
        wanted = f"one of: {', '.join(flag.parser.enum_values)}"
    return text if wanted is None else f"`{name}` must be {wanted}. Received: {name}={value!r}"


def _show_shared_flags() -> None:
    """Lists flags that another module defines in the script's `--help` as well."""
    for module, shared in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith("experiments."):
            for flag in shared:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)


def _after_a_stop() -> str:
    if "resume" in flags.FLAGS:
        return "Stopped. The same command with --resume goes on from here."
    return "Stopped."


def _fail(message: str) -> NoReturn:
    print(f"Error: {message}", file=sys.stderr)
    sys.exit(USER_MISTAKE)
