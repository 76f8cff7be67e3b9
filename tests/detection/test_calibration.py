import numpy as np
import pytest

from simclr_tf.detection.calibration import Calibration, fit_calibration
from simclr_tf.detection.candidates import EVIDENCE


def evidence_of(correlation):
    evidence = np.zeros((len(correlation), len(EVIDENCE)))
    evidence[:, 1] = correlation
    return evidence


@pytest.fixture
def pages():
    """Two pages on which what correlates by 0.7 or more is right, nine times of ten."""
    rng = np.random.default_rng(0)
    pages = []
    for _ in range(2):
        correlation = rng.uniform(0.4, 1, 400)
        pages.append((evidence_of(correlation), (correlation > 0.7) ^ (rng.random(400) < 0.1)))
    return pages


def test_scores_are_the_share_of_right_candidates(pages):
    calibration = fit_calibration(*zip(*pages, strict=True))
    evidence, right = pages[0]
    scores = calibration.scores(evidence)
    assert ((scores > 0) & (scores < 1)).all()
    for low, high in ((0, 0.3), (0.7, 1)):
        among = (scores >= low) & (scores < high)
        assert among.sum() > 50
        assert abs(scores[among].mean() - right[among].mean()) < 0.1


def test_more_correlation_is_a_higher_score(pages):
    scores = fit_calibration(*zip(*pages, strict=True)).scores(evidence_of([0.5, 0.7, 0.9]))
    assert (np.diff(scores) > 0).all()


def test_evidence_that_counts_only_together_is_found():
    # Right is what correlates where nothing is missing, and what does not where much is.
    rng = np.random.default_rng(0)
    evidence = np.zeros((800, len(EVIDENCE)))
    evidence[:, [1, 6]] = rng.uniform(-1, 1, (800, 2))
    right = evidence[:, 1] * evidence[:, 6] > 0
    scores = fit_calibration([evidence], [right]).scores(evidence)
    assert np.mean((scores > 0.5) == right) > 0.95


def test_a_logit_is_the_weighted_sum_of_the_evidence_and_of_its_products():
    calibration = Calibration(
        means=np.array([1.0, 0.0]),
        deviations=np.array([2.0, 1.0]),
        weights=np.array([0.5, -1.0]),
        product_weights=np.array([[1.0, 3.0], [0.0, 2.0]]),
        intercept=0.25,
    )
    # Standardised (2, 1): .5 · 2 - 1 + (1 · 4 + 3 · 2 · 1 + 2 · 1) + .25
    assert calibration.logits(np.array([[5.0, 1.0]])) == pytest.approx([12.25])


def test_what_never_varied_does_not_count(pages):
    calibration = fit_calibration(*zip(*pages, strict=True))
    odd = evidence_of([0.6])
    odd[:, 9] = 0.9
    np.testing.assert_allclose(
        calibration.scores(odd), calibration.scores(evidence_of([0.6])), 1e-3
    )


def test_a_shift_moves_the_logit(pages):
    calibration = fit_calibration(*zip(*pages, strict=True))
    evidence = evidence_of([0.55, 0.7])
    before, after = calibration.scores(evidence), calibration.shifted(-1.0).scores(evidence)
    np.testing.assert_allclose(np.log(after / (1 - after)), np.log(before / (1 - before)) - 1)


def test_a_refit_is_right_about_the_candidates_that_are_left_and_keeps_the_order(pages):
    calibration = fit_calibration(*zip(*pages, strict=True))
    evidence, right = pages[0]
    # Nine of ten wrong ones are gone.
    left = right | (np.arange(len(right)) % 10 == 0)
    refitted = calibration.refitted(evidence[left], right[left])
    scores, before = refitted.scores(evidence[left]), calibration.scores(evidence[left])
    assert abs(scores.mean() - right[left].mean()) < 0.01 < abs(before.mean() - right[left].mean())
    np.testing.assert_array_equal(np.argsort(scores), np.argsort(before))


def test_candidates_that_are_all_right_change_nothing(pages):
    calibration = fit_calibration(*zip(*pages, strict=True))
    assert calibration.refitted(pages[0][0], np.ones(400, bool)) is calibration


@pytest.mark.parametrize("right", [True, False])
def test_nothing_to_tell_apart_is_refused(right):
    with pytest.raises(ValueError, match=f"Received: {5 if right else 0} right ones of 5"):
        fit_calibration([evidence_of(np.linspace(0, 1, 5))], [np.full(5, right)])
