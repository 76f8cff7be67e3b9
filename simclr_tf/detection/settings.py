"""How symbols are looked for: plain values, checked when made."""

from __future__ import annotations

import dataclasses
import itertools
import math

from simclr_tf.checks import check_at_least, check_between, check_positive

# Neighbouring widths or heights of known sizes differ by this factor at most; what is between is
# reached when a window is looked at closely.
_STRETCH_STEP = 1.36


@dataclasses.dataclass(frozen=True)
class DetectorSettings:
    """Everything that decides detections but the encoder, the gallery and the calibration.

    Attributes:
        angles: turns of each example that are tried, evenly spaced: 4 is 0, 90, 180 and 270.
        stretch: factor by which width and height may each differ from those of an example that
            was cut from a drawing, at least 1.
        smallest_symbol: least long side in pixels of symbols whose example is a picture.
        largest_symbol: greatest long side in pixels of symbols whose example is a picture.
        size_step: factor between neighbouring sizes of these at most, from 1.05 to 2; a window that
            is looked at closely is fitted to sizes between, so a small step is rarely needed.
        window_pixels: pages are reduced so that symbols are about so large in the search, >= 8.
        aligned_pixels: and so large where a window is looked at closely, at least 16.
        least_similarity: correlation from which a window is looked at closely, from 0 to 1.
        least_ink: windows with less than this share of an example's ink are skipped, 0 to 1.
        searched_per_class: examples of a class that all windows are compared with, at least 1.
        places_per_class: windows of each class that are looked at closely, at least 1.
        least_score: boxes below it are left out, from 0 to 1.
        overlap: intersection over union above which two boxes are at one place: of one class the
            better stays, and the best lowers those of other classes; from 0 to 1.
        batch_size: crops that the encoder takes at once, at least 1.
    """

    angles: int = 4
    stretch: float = 1.35
    smallest_symbol: float = 20.0
    largest_symbol: float = 80.0
    size_step: float = 1.25
    window_pixels: int = 12
    aligned_pixels: int = 32
    least_similarity: float = 0.45
    least_ink: float = 0.5
    searched_per_class: int = 2
    places_per_class: int = 80
    least_score: float = 0.01
    overlap: float = 0.25
    batch_size: int = 128

    def __post_init__(self) -> None:
        check_at_least("angles", self.angles, 1)
        check_at_least("stretch", self.stretch, 1.0)
        check_positive("smallest_symbol", self.smallest_symbol)
        check_at_least("largest_symbol", self.largest_symbol, self.smallest_symbol)
        check_between("size_step", self.size_step, 1.05, 2.0)
        check_at_least("window_pixels", self.window_pixels, 8)
        check_at_least("aligned_pixels", self.aligned_pixels, 16)
        check_between("least_similarity", self.least_similarity, 0.0, 1.0)
        check_between("least_ink", self.least_ink, 0.0, 1.0)
        check_at_least("searched_per_class", self.searched_per_class, 1)
        check_at_least("places_per_class", self.places_per_class, 1)
        check_between("least_score", self.least_score, 0.0, 1.0)
        check_between("overlap", self.overlap, 0.0, 1.0)
        check_at_least("batch_size", self.batch_size, 1)

    def scales(self, long_side: float, size_is_known: bool) -> list[tuple[float, float]]:
        """Returns by which factors the height and the width of an example are multiplied.

        Args:
            long_side: Of the example in pixels.
            size_is_known: Whether that is its size on a drawing.
        """
        if size_is_known:
            steps = _steps(1 / self.stretch, self.stretch, _STRETCH_STEP)
            # Nothing grows in one direction and shrinks in the other.
            return [
                (down, across)
                for down, across in itertools.product(steps, steps)
                if (down - 1) * (across - 1) >= -1e-9
            ]
        low, high = self.smallest_symbol / long_side, self.largest_symbol / long_side
        return [(scale, scale) for scale in _steps(low, high, self.size_step)]


def _steps(low: float, high: float, step: float) -> list[float]:
    """Returns factors from `low` to `high`, each at most `step` times the one before."""
    span = math.log(high / low)
    count = math.ceil(span / math.log(step) - 1e-9)
    return [low * math.exp(span * place / count) for place in range(count + 1)] if count else [low]
