"""The calibration of a detector that was shown no annotated page."""

from __future__ import annotations

import numpy as np

from simclr_tf.detection.calibration import Calibration
from simclr_tf.detection.candidates import EVIDENCE

# Mean, standard deviation and weight of each kind of evidence.
_FITTED = {
    "similarity": (0.80, 0.08, 0.0),
    "correlation": (0.65, 0.14, 0.0),
    "context": (0.62, 0.15, 1.0),
    "explained": (0.90, 0.08, 0.5),
    "found": (0.75, 0.15, 0.7),
    "extra": (0.18, 0.12, -0.7),
    "missing": (0.34, 0.18, -0.9),
    "rival": (0.38, 0.37, 0.0),
    # The weight is that of an earlier form of this evidence.
    "enclosing": (0.18, 0.26, -0.4),
    # Equal weights for equal cosines: only their difference counts.
    "cosine": (0.64, 0.20, 0.8),
    "cosine_rival": (0.83, 0.10, -0.4),
}
_INTERCEPT = -4.5


def default_calibration(has_encoder: bool) -> Calibration:
    """Returns a calibration for drawings like those that it was fitted to.

    The weights are rounded means of fits to annotated piping drawings with one example of each
    class. How far apart the cosines lie is another matter with each encoder, so a calibration on
    drawings of one's own serves better; that one also has products of evidence, which fit the
    drawings they come from and no others.

    Args:
        has_encoder: Whether there are cosines; without an encoder they are 0 and count nothing.
    """
    means, deviations, weights = np.array([_FITTED[name] for name in EVIDENCE]).T
    if not has_encoder:
        weights = np.where(np.char.startswith(EVIDENCE, "cosine"), 0.0, weights)
    no_products = np.zeros((len(weights), len(weights)))
    return Calibration(means, deviations, weights, no_products, _INTERCEPT)
