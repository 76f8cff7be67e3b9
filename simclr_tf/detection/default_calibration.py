"""The calibration of a detector that was shown no annotated page."""

from __future__ import annotations

import numpy as np

from simclr_tf.detection.calibration import Calibration
from simclr_tf.detection.candidates import EVIDENCE

# Mean, standard deviation and weight of each kind of evidence.
_FITTED = {
    "similarity": (0.60, 0.10, 0.0),
    "correlation": (0.60, 0.12, 0.3),
    "context": (0.50, 0.14, 1.3),
    "explained": (0.70, 0.14, 0.7),
    "found": (0.75, 0.14, 1.4),
    "extra": (0.15, 0.10, -0.4),
    "missing": (0.15, 0.10, -0.4),
    "rival": (0.50, 0.30, -0.4),
    "enclosing": (0.20, 0.30, -0.4),
    "cosine": (0.80, 0.10, 0.6),
    "cosine_rival": (0.80, 0.10, -0.6),
}
_INTERCEPT = -4.0


def default_calibration(has_encoder: bool) -> Calibration:
    """Returns a calibration for drawings like those that it was fitted to.

    It was fitted to annotated piping drawings with one example of each class. How far apart the
    cosines of an encoder lie is another matter with each of them, so only their difference counts
    here; a calibration on drawings of one's own serves better.

    Args:
        has_encoder: Whether there are cosines; without an encoder they are 0 and count nothing.
    """
    means, deviations, weights = np.array([_FITTED[name] for name in EVIDENCE]).T
    if not has_encoder:
        weights = np.where(np.char.startswith(EVIDENCE, "cosine"), 0.0, weights)
    products = np.zeros(len(EVIDENCE) * (len(EVIDENCE) + 1) // 2)
    return Calibration(means, deviations, np.concatenate([weights, products]), _INTERCEPT)
