"""Learning rates: how they scale with the batch and how they change from step to step."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from simclr_tf.checks import check_at_least, check_between, check_one_of, check_positive

SCALING_RULES = ("linear", "sqrt", "none")


@keras.saving.register_keras_serializable(package="simclr_tf")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to `peak`, then half a cosine down to `final`, one value per step.

    With the step `s` counted from 0, the warm-up gives `peak * (s + 1) / warmup_steps`, so that
    the first step already learns and the last warm-up step uses `peak`. The cosine starts at
    `s = warmup_steps` with `peak`, reaches `final` exactly at `s = total_steps` and stays there.

    Args:
        peak: Largest learning rate, greater than 0.
        warmup_steps: Steps of the warm-up, at least 0 and fewer than `total_steps`.
        total_steps: Steps of warm-up and cosine together (unlike `decay_steps` of
            `keras.optimizers.schedules.CosineDecay`, which leaves the warm-up out).
        final: Learning rate from `total_steps` on, in [0, peak]. Defaults to 0.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> schedule = WarmupCosine(peak=0.4, warmup_steps=4, total_steps=12)
        >>> [round(float(schedule(step)), 3) for step in (0, 3, 4, 8, 12)]
        [0.1, 0.4, 0.4, 0.2, 0.0]

    Reference:
        Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations"
        (2020), section 2.2: linear warm-up for 10 epochs, then cosine decay without restarts.
        Deviation: the reference code starts the warm-up at 0, which spends a step on nothing.
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int, final: float = 0.0):
        super().__init__()
        check_positive("peak", peak)
        check_at_least("total_steps", total_steps, 1)
        check_between("warmup_steps", warmup_steps, 0, total_steps - 1)
        check_between("final", final, 0, peak)
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.final = final

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        warmup = self.peak * (step + 1.0) / max(1, self.warmup_steps)
        progress = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        cosine = ops.cos(math.pi * ops.clip(progress, 0.0, 1.0))
        decay = self.final + (self.peak - self.final) * 0.5 * (1.0 + cosine)
        return ops.where(step < self.warmup_steps, warmup, decay)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "final": self.final,
        }


def scale_learning_rate(
    learning_rate: float,
    batch_size: int,
    rule: str = "linear",
    reference_batch_size: int = 256,
) -> float:
    """Returns the learning rate for a batch of `batch_size` pictures.

    `"linear"` gives `learning_rate * batch_size / reference_batch_size`; `"sqrt"` gives
    `learning_rate * sqrt(batch_size)`, without the reference batch, as in the paper;
    `"none"` gives `learning_rate`. With the paper's .3 (linear) and .075 (sqrt) the two rules
    agree at a batch of 4096: .3 * 4096 / 256 = .075 * sqrt(4096) = 4.8.

    Args:
        learning_rate: Learning rate before scaling, greater than 0.
        batch_size: Pictures in a step over all replicas (not views), at least 1.
        rule: `"linear"`, `"sqrt"` or `"none"`. Defaults to `"linear"`.
        reference_batch_size: Batch at which the linear rule changes nothing. Defaults to 256.

    Returns:
        The scaled learning rate.

    Raises:
        ValueError: If `rule` is unknown or a number is outside its range.

    Reference:
        Chen et al. (2020), section 2.2 (linear) and appendix B.1 (square root).
    """
    check_positive("learning_rate", learning_rate)
    check_at_least("batch_size", batch_size, 1)
    check_one_of("rule", rule, SCALING_RULES)
    check_at_least("reference_batch_size", reference_batch_size, 1)
    if rule == "linear":
        return learning_rate * batch_size / reference_batch_size
    if rule == "sqrt":
        return learning_rate * math.sqrt(batch_size)
    return learning_rate
