"""The cases around the training: reading pictures, embedding a folder and starting up."""

from __future__ import annotations

import dataclasses
import importlib.util

from experiments.benchmarks.cases import OURS, Case, Contestant, Limit
from experiments.benchmarks.contestants import OUR_SETTING, ours, torch_peer
from experiments.benchmarks.plan_waiting import size_cases, waiting_cases
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import target
from experiments.benchmarks.worker import ROOT

_START = "experiments.benchmarks.commands:start"
# The default of embed.py.
_EMBEDDED_AT_ONCE = 256


def input_cases(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns decoding, waiting for input, and the cost with ten times the pictures."""
    return [_decode(settings, data_dir), *waiting_cases(settings), *size_cases(settings)]


def embed_folder_cases(settings: BenchmarkSettings, data_dir: str) -> list[Case]:
    """Returns embedding a folder beside its encoder alone, whose pictures are decoded before."""
    return [_embed_folder(settings, data_dir, width) for width in settings.all_widths]


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


def _embed_folder(settings: BenchmarkSettings, data_dir: str, width: float) -> Case:
    size = settings.folder_image_size
    name = f"{settings.encoder} width {width:g}, {size} px"
    work = {
        "encoder": settings.encoder,
        "width": width,
        "image_size": size,
        "batch_size": _EMBEDDED_AT_ONCE,
        "data_dir": data_dir,
    }
    program = ours("embed_folder:embed", work, f"{OUR_SETTING}; from the files to a file")
    alone = dataclasses.replace(
        ours("embed_folder:bare", work, "bfloat16, the same pictures decoded in memory"),
        name="the encoder alone",
        process="plain",
        target=target("embed_folder", name, "encoder"),
    )
    return Case("embed_folder", name, "pictures/s", program, (alone,), fresh=True, repeats=3)


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
