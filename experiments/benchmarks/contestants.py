"""The contestants of every part: which program, in which process, with which setting."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from experiments.benchmarks.cases import OURS, Contestant
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target

TORCH_PACKAGES = ("torch", "torchvision", "lightly")
# Parts that are measured without these packages.
WITHOUT_TORCH = {
    *("import", "size", "embed_folder", "search"),
    *("export", "many_classes", "detect", "scaling"),
}
OUR_SETTING = "bfloat16, uint8 pictures in, defaults"
TUNED = "float32 weights, bfloat16 autocast, channels-last, both views in one pass, fused SGD"
LIGHTLY = "float32, NCHW, one pass a view, as in lightly's documentation"
KERAS = "mixed_bfloat16, stock BatchNormalization, keras.io's loss, jit_compile=False (faster)"
_LOADER = "lightly's SimCLRTransform (torchvision, PIL) in {} DataLoader processes, persistent"
_PACKAGE = "experiments.benchmarks"


def check_peers(settings: BenchmarkSettings) -> None:
    """Raises `ValueError` if a chosen peer is not installed and a chosen part needs it."""
    if set(settings.parts) - WITHOUT_TORCH:
        _check_installed(settings, ("lightly", "tuned"), TORCH_PACKAGES)
    if "detect" in settings.parts:
        _check_installed(settings, ("opencv",), ("cv2",))


def _check_installed(
    settings: BenchmarkSettings, peers: Sequence[str], packages: Sequence[str]
) -> None:
    wanted = [peer for peer in settings.chosen_peers if peer in peers]
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if wanted and missing:
        raise ValueError(
            f"The peers {' and '.join(wanted)} need {', '.join(missing)}: "
            'pip install "simclr_tf[bench]", or leave them out with --peers=keras or --peers='
        )


def ours(task: str, arguments: dict[str, Any], setting: str = OUR_SETTING) -> Contestant:
    """Returns our program; `task` is `module:function` in the folder `ours`."""
    return Contestant(OURS, "ours", f"{_PACKAGE}.ours.{task}", arguments, setting)


def torch_peer(
    case: tuple[str, str],
    peer: str,
    task: str,
    arguments: dict[str, Any],
    setting: str,
    name: str = "",
) -> Contestant:
    """Returns a program of PyTorch's; `peer` decides its name, unless given, and its target."""
    names = {"lightly": "lightly as documented", "tuned": "PyTorch tuned"}
    return Contestant(
        name or names[peer],
        "tuned" if peer == "tuned" else "lightly",
        f"{_PACKAGE}.pytorch.{task}",
        arguments,
        setting,
        target(*case, peer),
    )


def keras_peer(task: str, arguments: dict[str, Any], setting: str = KERAS) -> Contestant:
    """Returns a program of plain Keras's."""
    return Contestant("plain Keras", "keras", f"{_PACKAGE}.plain_keras.{task}", arguments, setting)


def chosen(settings: BenchmarkSettings, **peers: Contestant) -> tuple[Contestant, ...]:
    """Returns those of `peers` that were asked for, in the order of the settings."""
    return tuple(peers[peer] for peer in settings.chosen_peers if peer in peers)


def loader_setting(settings: BenchmarkSettings) -> str:
    """Returns how PyTorch makes its views, in words."""
    return _LOADER.format(settings.thread_count)
