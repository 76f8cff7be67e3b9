import dataclasses

from simclr_tf.protocols.setting_types import setting_types


@dataclasses.dataclass
class Sample:
    name: str = "plain"
    quick: bool = True
    share: float | None = None


def test_types_are_plain_also_where_a_value_may_be_none():
    assert setting_types(Sample) == {"name": str, "quick": bool, "share": float}
