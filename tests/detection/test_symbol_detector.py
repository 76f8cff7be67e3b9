import keras
import numpy as np
import pytest

from simclr_tf.boxes import pairwise_iou
from simclr_tf.data import AnnotatedDrawing
from simclr_tf.detection import DetectorSettings, SymbolDetector, SymbolGallery, read_gallery
from simclr_tf.detection.candidate_finder import PageTooSmall
from simclr_tf.detection.candidates import EVIDENCE, Candidates, strongest_enclosing
from simclr_tf.detection.gallery import cut_example
from simclr_tf.detection.ink import ink_map
from tests.detection.drawn import box_at, draw_page

PLACES = [
    ("house", 15, 110, 0),
    ("cross", 60, 20, 0),
    ("arrow", 110, 100, 1),
    ("house", 190, 20, 2),
]
LABELS = [2, 1, 0, 2]
BOXES = [box_at(x, y) for _, x, y, _ in PLACES]


def expect_all(found, least_overlap=0.7):
    """The best four boxes are the four symbols."""
    overlaps = pairwise_iou(np.array(BOXES, float), found.boxes[:4])
    assert (overlaps.max(axis=1) >= least_overlap).all()
    assert found.labels[overlaps.argmax(axis=1)].tolist() == LABELS


@pytest.fixture
def detector(gallery):
    return SymbolDetector(None, gallery)


def test_symbols_seen_once_are_found_turned(detector):
    expect_all(detector.detect(draw_page(PLACES)))


def test_scores_are_probabilities_in_falling_order(detector):
    scores = detector.detect(draw_page(PLACES)).scores
    assert (np.diff(scores) <= 0).all()
    assert (scores > 0).all() and (scores <= 1).all()


@pytest.mark.parametrize(("ink", "paper"), [(250, 30), (60, 200)])
def test_ink_and_paper_do_not_matter(detector, ink, paper):
    expect_all(detector.detect(draw_page(PLACES, ink=ink, paper=paper)))


def test_a_colour_page_gives_what_its_grey_one_does(detector):
    page = draw_page(PLACES)
    grey, colour = detector.detect(page), detector.detect(np.repeat(page[..., None], 3, axis=2))
    np.testing.assert_array_equal(grey.boxes, colour.boxes)


def test_pictures_of_unknown_size_are_found_too(symbol_folder):
    settings = DetectorSettings(smallest_symbol=24, largest_symbol=40)
    expect_all(
        SymbolDetector(None, read_gallery(symbol_folder), settings).detect(draw_page(PLACES))
    )


def test_a_symbol_at_the_edge_of_the_page_is_found(detector):
    found = detector.detect(draw_page([("cross", 0, 128, 0)]))
    assert found.labels[0] == 1
    assert pairwise_iou(np.array([box_at(0, 128)], float), found.boxes[:1])[0, 0] > 0.7


def test_a_blank_page_has_nothing(detector):
    found = detector.detect(np.full((100, 120), 255, np.uint8))
    assert found.boxes.shape == (0, 4) and len(found.labels) == len(found.scores) == 0


def test_boxes_stay_on_the_page(detector):
    boxes = detector.detect(draw_page([("cross", 208, 0, 0), ("arrow", 0, 0, 0)])).boxes
    assert boxes.min() >= 0
    assert (boxes[:, 2] <= 240).all() and (boxes[:, 3] <= 160).all()


def test_a_page_smaller_than_every_symbol_is_refused(detector):
    with pytest.raises(PageTooSmall, match="larger than the page of 14 x 12 pixels"):
        detector.detect(np.full((12, 14), 255, np.uint8))


def test_the_encoder_is_asked_about_every_candidate(gallery):
    pictures = keras.Input((16, 16, 3))
    encoder = keras.Model(
        pictures, keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(pictures))
    )
    detector = SymbolDetector(encoder, gallery, image_size=16)
    found = detector.candidates(draw_page(PLACES))
    best = [
        found.evidence[(found.labels == label) & (overlap > 0.5)]
        for label, overlap in zip(
            LABELS, pairwise_iou(np.array(BOXES, float), found.boxes), strict=True
        )
    ]
    for rows in best:
        # The cosine with the class of the symbol is above that with any other one.
        assert (rows[:, 9] > rows[:, 10]).any()


def test_what_encloses_counts_by_how_completely_it_is_there(symbol_folder):
    # Sizes from 16 pixels on, so that smaller candidates lie within larger ones.
    settings = DetectorSettings(smallest_symbol=16, largest_symbol=40, least_similarity=0.2)
    found = SymbolDetector(None, read_gallery(symbol_folder), settings).candidates(
        draw_page(PLACES)
    )
    columns = dict(zip(EVIDENCE, found.evidence.T, strict=True))
    completeness = columns["correlation"] * columns["found"] * (1 - columns["missing"])
    enclosing = strongest_enclosing(found.boxes, found.labels, completeness)
    assert (enclosing > 0).any()
    np.testing.assert_allclose(columns["enclosing"], enclosing, rtol=1e-5)


def annotations():
    return AnnotatedDrawing("other.png", 240, 160, np.array(BOXES, float), np.array(LABELS))


def test_calibration_parts_symbols_from_the_rest(detector):
    page = draw_page(PLACES)
    detector.calibrate([(page, annotations())])
    found = detector.detect(page)
    expect_all(found)
    assert (found.scores[:4] > 0.5).all()
    assert (found.scores[4:] < 0.5).all()


def test_calibration_on_nothing_but_the_examples_themselves_is_refused(detector, annotated):
    with pytest.raises(ValueError, match="Received: 0 right ones"):
        detector.calibrate([annotated])


def test_examples_are_compared_with_those_of_other_pages(gallery):
    page, drawing = draw_page(PLACES), annotations()
    cut = [cut_example(ink_map(page), drawing, row) for row in range(4)]
    both = SymbolGallery((*gallery.examples, *cut), gallery.class_names)
    detector = SymbolDetector(None, both)
    calibration = detector.calibrate([(page, drawing)])
    # Compared with themselves they would correlate by 1.
    right = detector.candidates(page).evidence[:, 1] > 0.99
    assert right.any() and calibration.means[1] < 0.9


def test_calibration_without_a_symbol_is_refused(detector):
    empty = AnnotatedDrawing("none.png", 240, 160, np.zeros((0, 4)), np.zeros(0, np.int64))
    with pytest.raises(ValueError, match="A calibration needs right and wrong candidates"):
        detector.calibrate([(draw_page(PLACES), empty)])


def test_pages_without_symbols_lower_the_scores(detector):
    page = draw_page(PLACES)
    before = detector.detect(page).scores
    assert before[0] >= 0.5
    detector.calibrate_background([page], false_alarms_per_page=0)
    assert detector.detect(page).scores.max() < 0.5


def test_accepted_false_alarms_keep_their_scores(detector):
    page = draw_page(PLACES)
    before = detector.detect(page).scores
    detector.calibrate_background([page], false_alarms_per_page=len(before))
    np.testing.assert_array_equal(detector.detect(page).scores, before)


def test_an_encoder_size_below_eight_is_refused(gallery):
    with pytest.raises(ValueError, match="`image_size` must be at least 8"):
        SymbolDetector(None, gallery, image_size=4)


def test_only_classes_that_raise_alarms_are_lowered(detector):
    page, arrows = draw_page(PLACES), draw_page([("arrow", 110, 100, 1)])
    before = detector.detect(page)
    detector.calibrate_background([arrows], false_alarms_per_page=0)
    after = detector.detect(page)
    assert detector.detect(arrows).scores.max() < 0.5
    arrow = 0
    assert detector.penalties[arrow] > 0 and not detector.penalties[1:].any()
    assert after.scores[after.labels == arrow].max() < before.scores[before.labels == arrow].max()
    for label in (1, 2):
        assert (
            after.scores[after.labels == label].max() >= before.scores[before.labels == label].max()
        )


def test_the_class_with_the_fewest_alarms_may_keep_them(detector):
    # One cross and two houses raise three alarms; one a page is accepted.
    page = draw_page([place for place in PLACES if place[0] != "arrow"])
    detector.calibrate_background([page], false_alarms_per_page=1)
    found = detector.detect(page)
    assert found.labels[found.scores >= 0.5].tolist() == [1]


def test_what_an_alarm_was_hiding_is_lowered_too(detector):
    # Two classes fit at one place; when the better one goes, the other is an alarm.
    box = np.array([(10, 10, 40, 40), (11, 10, 41, 40)], float)
    evidence = np.array([detector.calibration.means] * 2)
    detector.calibration = detector.calibration.shifted(20.0)
    hidden = Candidates(box, np.array([0, 1]), evidence)
    detector.candidates = lambda page: hidden
    page = np.zeros((160, 240), np.uint8)
    assert (detector.detect(page).scores >= 0.5).sum() == 1
    returned = detector.calibrate_background([page], false_alarms_per_page=0)
    np.testing.assert_array_equal(returned, detector.penalties)
    assert (detector.detect(page).scores < 0.5).all()
    assert (detector.penalties[:2] > 15).all() and detector.penalties[2] == 0


def test_penalties_are_those_of_the_last_background(detector):
    page = draw_page(PLACES)
    detector.calibrate_background([page], false_alarms_per_page=0)
    penalties = detector.penalties.copy()
    assert penalties.any()
    np.testing.assert_array_equal(
        detector.calibrate_background([page], false_alarms_per_page=0), penalties
    )
    assert not detector.calibrate_background([page], false_alarms_per_page=9).any()


def test_a_new_calibration_ends_the_penalties(detector):
    page = draw_page(PLACES)
    detector.calibrate_background([page], false_alarms_per_page=0)
    assert detector.penalties.any()
    detector.calibrate([(page, annotations())])
    assert not detector.penalties.any()


def test_pages_too_small_teach_nothing(detector, annotated):
    page, small = draw_page(PLACES), np.full((9, 9), 255, np.uint8)
    tiny = AnnotatedDrawing("tiny.png", 9, 9, np.zeros((0, 4)), np.zeros(0, np.int64))
    alone = detector.calibrate([(page, annotations())])
    both = detector.calibrate([(small, tiny), (page, annotations())])
    np.testing.assert_array_equal(both.weights, alone.weights)
    detector.calibrate_background([small])
    assert detector.calibration is both and not detector.penalties.any()


def test_a_single_class_has_no_rival_in_the_embeddings(gallery):
    one = SymbolGallery(gallery.examples[:1], gallery.class_names)
    pictures = keras.Input((16, 16, 3))
    encoder = keras.Model(pictures, keras.layers.Flatten()(pictures))
    found = SymbolDetector(encoder, one, image_size=16).candidates(draw_page(PLACES))
    np.testing.assert_array_equal(found.evidence[:, 9], found.evidence[:, 10])


@pytest.mark.parametrize(("aside", "count"), [(9, 1), (13, 2)])
def test_a_symbol_that_also_fits_a_bit_aside_is_reported_once(detector, aside, count):
    # Boxes of 20 pixels: 9 aside they share 11 of 29 columns, .38; 13 aside 7 of 33, .21.
    boxes = np.array([[50.0, 50, 70, 70], [50.0 + aside, 50, 70 + aside, 70]])
    detector.calibration = detector.calibration.shifted(20.0)
    evidence = np.array([detector.calibration.means] * 2)
    found = detector.judge(Candidates(boxes, np.array([1, 1]), evidence), (200, 200))
    assert len(found.scores) == count
