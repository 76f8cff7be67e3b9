"""The calibration of a detector that was shown no annotated page."""

from __future__ import annotations

import numpy as np

from simclr_tf.detection.calibration import Calibration
from simclr_tf.detection.candidates import EVIDENCE

_TERMS = len(EVIDENCE) + len(EVIDENCE) * (len(EVIDENCE) + 1) // 2


def default_calibration(has_encoder: bool) -> Calibration:
    weights = np.zeros(_TERMS)
    weights[1] = 1.0
    return Calibration(
        np.full(len(EVIDENCE), 0.75), np.full(len(EVIDENCE), 0.1), weights, 0.0
    )
