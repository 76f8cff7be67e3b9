"""One line on the terminal while a training runs."""

from __future__ import annotations

import sys

import keras
from tqdm import tqdm


class ProgressBar(keras.callbacks.Callback):
    """One line on the terminal: pictures done, pictures a second, time left, loss.

    Args:
        name: what is being trained.
        first_step: steps taken before this training.
        total_steps: steps in all.
        batch_size: pictures a step.
    """

    def __init__(self, name: str, first_step: int, total_steps: int, batch_size: int) -> None:
        super().__init__()
        self.batch_size = batch_size
        self._bar = tqdm(
            desc=name,
            initial=first_step * batch_size,
            total=total_steps * batch_size,
            unit=" pictures",
            unit_scale=True,
            dynamic_ncols=True,
            mininterval=0.5 if sys.stderr.isatty() else 30,
        )

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update(self.batch_size)

    def on_epoch_end(self, epoch, logs=None):
        shown = {name: float(logs[name]) for name in ("loss", "val_loss") if name in (logs or {})}
        self._bar.set_postfix(epoch=epoch + 1, **shown)

    def close(self) -> None:
        """Ends the line."""
        self._bar.close()
