"""The settings that all runs of a sweep start from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from simclr_tf.checks import check_at_least, check_one_of
from simclr_tf.data.decode import MINIMUM_SIZE, RESIZE_MODES
from simclr_tf.protocols.setting_types import setting_types

Value = bool | int | float | str | None


@dataclasses.dataclass(frozen=True)
class PictureSize:
    """What of the pictures may differ between the runs of a sweep.

    Attributes:
        image_size: height and width in pixels, at least 8.
        resize_mode: crop, pad (white) or stretch.
    """

    image_size: int = 32
    resize_mode: str = "crop"

    def __post_init__(self) -> None:
        check_at_least("image_size", self.image_size, MINIMUM_SIZE)
        check_one_of("resize_mode", self.resize_mode, RESIZE_MODES)


class SweepBase:
    """Everything that decides a run, before its combination of the grid changes some of it.

    Args:
        script: the script that makes the runs, by its name.
        parts: settings, dataclasses with different names of fields; their fields may be swept.
        fixed: what else decides a run, by name; it may not be swept.
    """

    def __init__(
        self, script: str, parts: Sequence[Any], fixed: Mapping[str, Any] | None = None
    ) -> None:
        self.script = script
        self.parts = tuple(parts)
        self.fixed = dict(fixed or {})
        self.types: dict[str, type] = {}
        for part in self.parts:
            self.types |= setting_types(type(part))

    def config(self, combination: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """Returns everything that decides a run, by name.

        Args:
            combination: settings that differ from the base.

        Raises:
            ValueError: if a value, or two values together, are not accepted.
        """
        changes = dict(combination or {})
        config = dict(self.fixed)
        for part in self.parts:
            names = [field.name for field in dataclasses.fields(part)]
            own = {name: changes[name] for name in names if name in changes}
            config |= dataclasses.asdict(dataclasses.replace(part, **own))
        return config
