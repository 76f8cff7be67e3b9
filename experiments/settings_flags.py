"""Flags made from settings: the fields of a dataclass, with its docstring as their help."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Collection
from typing import Any, TypeVar

from absl import flags

from simclr_tf.protocols.setting_types import setting_types

Settings = TypeVar("Settings")
_DEFINE = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
    str: flags.DEFINE_string,
}


class SettingsFlags(typing.Generic[Settings]):
    """Defines one flag for every field of a settings dataclass and reads them back.

    Args:
        settings: dataclass whose fields all have defaults; what its docstring says of them below
            `Attributes:` is the flags' help.
        defaults: settings whose values are the flags' defaults; the fields' own by default.
        prefix: put before the flags' names.
        leave_out: fields without a flag.
        only: fields with a flag; all by default.
    """

    def __init__(
        self,
        settings: type[Settings],
        defaults: Settings | None = None,
        *,
        prefix: str = "",
        leave_out: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> None:
        self.settings = settings
        defaults = settings() if defaults is None else defaults
        helps = _attribute_lines(settings.__doc__ or "")
        types_by_name = setting_types(settings)
        self._holders = {}
        for field in dataclasses.fields(settings):
            if field.name in leave_out or (only is not None and field.name not in only):
                continue
            define = _DEFINE[types_by_name[field.name]]
            self._holders[field.name] = define(
                prefix + field.name, getattr(defaults, field.name), helps[field.name]
            )

    def read(self, **others: Any) -> Settings:
        """Returns the settings that the command line asks for; `others` have no flag.

        Raises:
            ValueError: if a value is not accepted.
        """
        return self.settings(
            **{name: holder.value for name, holder in self._holders.items()}, **others
        )


def _attribute_lines(docstring: str) -> dict[str, str]:
    listed = inspect.cleandoc(docstring).partition("Attributes:")[2]
    entries = re.findall(r"^ {4}(\w+): (.+(?:\n {8}.+)*)", listed, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
