"""When which layers of an encoder are trained; nothing here imports TensorFlow."""

from __future__ import annotations

import dataclasses

from simclr_tf.encoders.unfreezing import UNFREEZE


@dataclasses.dataclass(frozen=True)
class UnfreezingStage:
    """What is trained of an encoder for some epochs.

    Attributes:
        unfreeze: `"head"`, `"last_stage"` or `"all"`, see `unfreeze_layers`.
        epochs: at least 1.
    """

    unfreeze: str
    epochs: int


def unfreezing_stages(schedule: str, epochs: int | None = None) -> tuple[UnfreezingStage, ...]:
    """Returns the stages of a training that unfreezes an encoder step by step.

    Args:
        schedule: `"head"`, `"last_stage"` or `"all"` for the whole training, or several of them in
            this order, each but the last with its epochs, as in `"head:2,last_stage:3,all"`.
        epochs: of the whole training; `None` where they are not known yet, which gives the last
            stage one.

    Returns:
        The stages in order; the last has the epochs that the others leave.

    Raises:
        ValueError: if the schedule is not of this form or leaves no epoch for its last stage.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning", section 3.3, by parts of a
        network instead of single layers.
    """
    names, counts = _parse(schedule)
    known = sum(counts)
    if epochs is None:
        epochs = known + 1
    if epochs <= known:
        raise ValueError(
            f"`unfreeze` must leave at least one of the {epochs} epochs for its last stage. "
            f"Received: unfreeze={schedule!r}"
        )
    counts.append(epochs - known)
    return tuple(map(UnfreezingStage, names, counts))


def _parse(schedule: str) -> tuple[list[str], list[int]]:
    """Returns the names of all stages, and the epochs of all but the last."""
    parts = [part.strip().partition(":") for part in schedule.split(",")]
    names = [name for name, _, _ in parts]
    epochs = [text for _, _, text in parts]
    ranks = [UNFREEZE.index(name) if name in UNFREEZE else -1 for name in names]
    growing = all(earlier < later for earlier, later in zip(ranks, ranks[1:], strict=False))
    whole = all(text.isdecimal() and int(text) > 0 for text in epochs[:-1])
    if -1 in ranks or not growing or not whole or parts[-1][1]:
        raise ValueError(
            f"`unfreeze` must be one of: {', '.join(UNFREEZE)}, or several of them in this order "
            "with the epochs of all but the last, as head:2,last_stage:3,all. "
            f"Received: unfreeze={schedule!r}"
        )
    return names, [int(text) for text in epochs[:-1]]
