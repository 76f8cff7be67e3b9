"""Which flags may change between the start of a run and its resumption."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from simclr_tf.runs.configs import config_differences
from simclr_tf.runs.safety_settings import SafetySettings

# What decides how much is saved and shown, and not what comes out.
SAFE_TO_CHANGE = (
    "checkpoint_every_steps",
    *(field.name for field in dataclasses.fields(SafetySettings)),
    "tensorboard",
    "wandb_project",
)


def allowed_changes(
    path: str | os.PathLike[str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[str]:
    """Returns one sentence for each difference with which a run may be resumed.

    The names in `SAFE_TO_CHANGE` may differ, in nested configs as well, and `data_dir` where its
    last part stays the same: the folder may have moved, and the pictures' fingerprint tells whether
    it holds what it held. A name that either config does not have counts as a difference.

    Args:
        path: the run, for the message.
        old: config that it was started with, with or without a `fingerprint`.
        new: config that it is to be resumed with.

    Raises:
        ValueError: if anything else differs; the message names each.
    """
    old, new = _flat(old), _flat(new)
    differences = config_differences(old, new)
    safe = {name for name in {*old, *new} if _may_change(name, old, new)}
    refused = config_differences(old, new, ignore=safe)
    if refused:
        raise ValueError(
            f"`resume` continues {os.fspath(path)} with the flags and pictures it was started "
            f"with (only {', '.join(SAFE_TO_CHANGE)} and the place of data_dir may change); "
            f"differences: {'; '.join(refused)}"
        )
    return differences


def _may_change(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if name == "data_dir":
        # The last part is the data set's name, which may decide the augmentation.
        names = [os.path.basename(os.path.abspath(str(config.get(name)))) for config in (old, new)]
        return names[0] == names[1] and None not in (old.get(name), new.get(name))
    return name.rpartition(".")[2] in SAFE_TO_CHANGE


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Returns `{"baseline.seed": 0}` for `{"baseline": {"seed": 0}}`."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
