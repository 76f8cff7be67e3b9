"""The cases around the training: reading pictures, many of them, and starting up."""

from __future__ import annotations

import importlib.util
from typing import Any

from experiments.benchmarks.cases import OURS, Case, Contestant, Limit
from experiments.benchmarks.contestants import (
    LIGHTLY,
    loader_setting,
    ours,
    torch_peer,
)
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.worker import ROOT

_START = "experiments.benchmarks.commands:start"


def input_cases(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns decoding, waiting for input, and the cost with ten times the pictures."""
    return [_decode(settings, data_dir), _waiting(settings), *_ten_times(settings)]


def import_cases(settings: BenchmarkSettings) -> list[Case]:
    """Returns the import of the library and the help of every script."""
    peers = [_command("import tensorflow", ["-c", "import tensorflow"])]
    if "lightly" in settings.chosen_peers and importlib.util.find_spec("lightly"):
        peers.append(_command("import lightly", ["-c", "import lightly"]))
    cases = [_start("import", _command(OURS, ["-c", "import simclr_tf"]), tuple(peers), None)]
    within = Limit("limit of 1 s", 1.0)
    for script in sorted((ROOT / "experiments").glob("*.py")):
        if "launcher.launch(main)" in script.read_text(encoding="utf-8"):
            shown = _command(OURS, [str(script), "--help"])
            cases.append(_start(f"{script.name} --help", shown, (), within))
    return cases


def _decode(settings: BenchmarkSettings, data_dir: str) -> Case:
    work = {"data_dir": data_dir, "image_size": settings.image_size}
    peers: tuple[Contestant, ...] = ()
    if {"lightly", "tuned"} & set(settings.chosen_peers):
        setting = f"PIL, Resize and CenterCrop in {settings.thread_count} DataLoader processes"
        name = f"torchvision in {settings.thread_count} processes"
        peers = (
            torch_peer(("input", "decode"), "torchvision", "input:decode", work, setting, name),
        )
    return Case(
        part="input",
        name=f"decode a folder once, to {settings.image_size} px",
        unit="s",
        ours=ours("input:decode", work, "threads; hashed, split and cached on the disk as well"),
        peers=peers,
        higher_is_better=False,
        repeats=3,
    )


def _waiting(settings: BenchmarkSettings) -> Case:
    width = settings.all_widths[0]
    name = f"waiting for cached pictures, {settings.encoder} width {width:g}"
    work: dict[str, Any] = {
        "encoder": settings.encoder,
        "width": width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
    }
    peers: tuple[Contestant, ...] = ()
    if "lightly" in settings.chosen_peers:
        setting = f"{LIGHTLY}; {loader_setting(settings)}"
        documented = {**work, "tuned": False}
        peers = (
            torch_peer(("input", name), "lightly", "training:waiting_share", documented, setting),
        )
    return Case(
        part="input",
        name=name,
        unit="% of the time",
        ours=ours("training:waiting_share", work),
        peers=peers,
        higher_is_better=False,
        repeats=3,
    )


def _ten_times(settings: BenchmarkSettings) -> list[Case]:
    pictures = settings.input_pictures
    work = {
        "encoder": settings.accuracy_encoder,
        "width": settings.accuracy_width,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
        "pictures": pictures,
    }
    many = f"{10 * pictures} pictures against {pictures}"
    time = ours("input:epoch_ratio", work, "pictures in a mapped file")
    memory = ours("input:memory_growth", work, "pictures in a mapped file; its pages not counted")
    added = 9 * pictures * settings.image_size**2 * 3 / 2**20
    return [
        Case(
            part="input",
            name=f"time of an epoch, {many}",
            unit="times",
            ours=time,
            limit=Limit("limit", 10.5),
            higher_is_better=False,
            fresh=True,
            repeats=1,
        ),
        Case(
            part="input",
            name=f"memory, {many}",
            unit="MiB more",
            ours=memory,
            limit=Limit("size of the added pictures", added),
            higher_is_better=False,
            fresh=True,
            repeats=1,
        ),
    ]


def _command(name: str, arguments: list[str]) -> Contestant:
    return Contestant(name, "commands", _START, {"arguments": arguments}, "a process of its own")


def _start(name: str, program: Contestant, peers: tuple[Contestant, ...], limit: Limit | None):
    return Case(
        part="import",
        name=name,
        unit="s",
        ours=program,
        peers=peers,
        limit=limit,
        higher_is_better=False,
        fresh=True,
        repeats=3,
    )
