import dataclasses

import pytest
from absl import flags

from experiments import settings_flags
from experiments.settings_flags import SettingsFlags
from simclr_tf.protocols.label_budget import LabelBudget
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings


@dataclasses.dataclass(frozen=True)
class Sample:
    """Settings of each kind.

    Attributes:
        name: what it is called.
        count: how many; at least 0.
        share: a part of it, the larger
            the better.
        quick: do it quickly.
        limit: no more than this.
    """

    name: str = "plain"
    count: int = 3
    share: float = 0.5
    quick: bool = True
    limit: int | None = None

    def __post_init__(self):
        if self.count < 0:
            raise ValueError(f"`count` must be at least 0. Received: count={self.count}")


@pytest.fixture
def defined(monkeypatch):
    """A set of flags of its own, so that nothing is left in that of the process."""
    values = flags.FlagValues()
    define = {
        kind: lambda *arguments, original=original: original(*arguments, flag_values=values)
        for kind, original in settings_flags._DEFINE.items()
    }
    monkeypatch.setattr(settings_flags, "_DEFINE", define)
    return values


def read(values, holder, *arguments):
    values(["script", *arguments])
    return holder.read()


def test_without_flags_the_defaults_are_read(defined):
    assert read(defined, SettingsFlags(Sample)) == Sample()


def test_each_kind_of_value_is_read(defined):
    settings = read(
        defined,
        SettingsFlags(Sample),
        "--name=other",
        "--count=7",
        "--share=0.25",
        "--noquick",
        "--limit=9",
    )
    assert settings == Sample("other", 7, 0.25, False, 9)


def test_a_value_that_may_be_none_is_none_by_default(defined):
    assert read(defined, SettingsFlags(Sample)).limit is None


def test_a_value_that_is_not_accepted_is_refused(defined):
    with pytest.raises(ValueError, match="`count` must be at least 0. Received: count=-1"):
        read(defined, SettingsFlags(Sample), "--count=-1")


def test_the_help_is_what_the_docstring_says(defined):
    SettingsFlags(Sample)
    assert defined["count"].help == "how many; at least 0."
    assert defined["share"].help == "a part of it, the larger the better."


def test_a_prefix_keeps_two_sets_of_flags_apart(defined):
    first = SettingsFlags(Sample, prefix="first_")
    second = SettingsFlags(Sample, prefix="second_")
    defined(["script", "--first_count=1", "--second_count=2"])
    assert (first.read().count, second.read().count) == (1, 2)


def test_a_field_that_is_left_out_has_no_flag_and_is_given_when_reading(defined):
    holder = SettingsFlags(Sample, leave_out=("count",))
    assert "count" not in defined
    defined(["script"])
    assert holder.read(count=8).count == 8


def test_only_the_named_fields_may_have_flags(defined):
    SettingsFlags(Sample, only=("name", "share"))
    assert {"name", "share"} <= set(defined) and not {"count", "quick", "limit"} & set(defined)


@pytest.mark.parametrize("settings", [PretrainSettings, SupervisedSettings, LabelBudget])
def test_every_setting_has_a_flag_with_a_help_line_and_its_default(defined, settings):
    SettingsFlags(settings)
    for field in dataclasses.fields(settings):
        assert defined[field.name].help
        assert defined[field.name].default == field.default


@pytest.mark.parametrize("settings", [PretrainSettings, SupervisedSettings, LabelBudget])
def test_no_help_line_is_left_of_a_setting_that_is_gone(settings):
    lines = settings_flags._attribute_lines(settings.__doc__)
    assert set(lines) == {field.name for field in dataclasses.fields(settings)}
