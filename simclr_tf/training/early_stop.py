"""An end of the training where it does not get better."""

from __future__ import annotations

import keras

from simclr_tf.checks import check_at_least
from simclr_tf.training.callbacks import EpochRecorder


class EarlyStop(keras.callbacks.Callback):
    """Stops the training after `patience` epochs in a row without a better one.

    Args:
        recorder: knows the best epoch; must come before this callback.
        patience: epochs, at least 0; 0 never stops.
        first_epoch: epochs before this number, counted from 0, do not count.

    Raises:
        ValueError: if `patience` is negative.
    """

    def __init__(self, recorder: EpochRecorder, patience: int, first_epoch: int = 0) -> None:
        super().__init__()
        check_at_least("patience", patience, 0)
        self.recorder = recorder
        self.patience = patience
        self.first_epoch = first_epoch

    def due(self, epochs: int) -> bool:
        """Returns whether the training ends once `epochs` are done."""
        without = epochs - max(self.recorder.best_epoch, self.first_epoch)
        return 0 < self.patience <= without

    def on_epoch_end(self, epoch, logs=None):
        if self.due(epoch + 1):
            self.model.stop_training = True
