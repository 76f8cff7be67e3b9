import dataclasses

import numpy as np
import pytest

from simclr_tf.detection import DetectorSettings, read_gallery
from simclr_tf.detection.references import reference_examples
from simclr_tf.detection.resampling import at_long_side

SETTINGS = DetectorSettings(angles=4, smallest_symbol=16, largest_symbol=36)


def test_a_picture_is_also_compared_at_the_sizes_between_which_symbols_lie(symbol_folder):
    examples = read_gallery(symbol_folder).examples
    references = reference_examples(examples, SETTINGS)
    # Three examples at four turns, each as it is (64 pixels less its paper) and at three sizes.
    assert len(references) == 3 * 4 * 4
    arrow = [reference.long_side for reference in references[:4]]
    # The middle one is √(16 · 36) = 24; a margin may be rounded either way.
    np.testing.assert_allclose(arrow, [examples[0].long_side, 16, 24, 36], atol=2)
    assert {reference.label for reference in references} == {0, 1, 2}


def test_an_example_of_known_size_is_compared_as_it_is(gallery):
    references = reference_examples(gallery.examples, SETTINGS)
    assert len(references) == 3 * 4
    assert references[0] is not gallery.examples[0]
    np.testing.assert_array_equal(references[0].ink, gallery.examples[0].ink)


def test_no_picture_is_enlarged(symbol_folder):
    examples = read_gallery(symbol_folder).examples
    larger = dataclasses.replace(SETTINGS, smallest_symbol=100.0, largest_symbol=200.0)
    assert len(reference_examples(examples, larger)) == 3 * 4


@pytest.mark.parametrize("long_side", [1, 2, 7, 30])
def test_an_example_keeps_its_box_however_small_it_is_drawn(gallery, long_side):
    small = at_long_side(gallery.examples[0], long_side)
    assert small.height >= 1
    assert small.width >= 1
    assert abs(small.long_side - long_side) <= 2
