"""Several replicas do what one device does: losses of 20 steps, weights and metrics."""

import numpy as np
import pytest

from tests.distribution.conftest import CASES
from tests.distribution.embedding_case import BROKEN, COUNT

# What depends on how replicas exchange: each case takes the workers a compilation of their own.
MIRRORED = tuple(case for case in CASES if case != "clipped")
TWO = ("clipped", "sup_con_caching", "classifier")
FOUR = ("simclr", "sup_con_caching", "classifier")


def assert_same(found, expected, case):
    for name in ("losses", "weights", "metrics"):
        np.testing.assert_allclose(
            found[f"{case}.{name}"], expected[f"{case}.{name}"], rtol=1e-6, atol=1e-6
        )


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in MIRRORED if case != "float16"])
def test_two_replicas_of_one_process_are_one_device(trained, case):
    assert_same(trained("mirrored", 2, MIRRORED), trained("none", 0), case)


@pytest.mark.slow
@pytest.mark.parametrize("case", TWO)
def test_two_workers_are_one_device(trained, case):
    assert_same(trained("multi_worker", 2, TWO), trained("none", 0), case)


@pytest.mark.slow
@pytest.mark.parametrize("case", FOUR)
def test_four_workers_are_one_device(trained, case):
    assert_same(trained("multi_worker", 4, FOUR), trained("none", 0), case)


@pytest.mark.slow
@pytest.mark.parametrize("case", FOUR)
def test_two_workers_of_two_replicas_each_are_one_device(trained, case):
    assert_same(trained("multi_worker", 2, FOUR, 2), trained("none", 0), case)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "replicas"),
    [
        (("none", 0), 1),
        (("mirrored", 2, MIRRORED), 2),
        (("multi_worker", 2, TWO), 2),
        (("multi_worker", 4, FOUR), 4),
        (("multi_worker", 2, FOUR, 2), 4),
    ],
)
def test_as_many_replicas_took_part_as_are_claimed(trained, run, replicas):
    assert trained(*run)["strategy.replicas"] == replicas


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_losses_that_are_compared_change_from_step_to_step(trained, case):
    losses = trained("none", 0)[f"{case}.losses"]
    assert len(losses) == 20
    assert np.isfinite(losses).all()
    assert np.ptp(losses) > 1e-2


@pytest.mark.slow
def test_float16_begins_alike_and_stays_finite(trained):
    # Half as many rows overflow later: a step that one device skips, two replicas may take.
    found = trained("mirrored", 2, MIRRORED)["float16.losses"]
    assert found[0] == pytest.approx(trained("none", 0)["float16.losses"][0], abs=1e-3)
    assert np.isfinite(found).all()
    assert np.ptp(found) > 1e-2


# === Embedding ===

SHARED_BY = [
    ("mirrored", 2, MIRRORED),
    ("multi_worker", 2, TWO),
    ("multi_worker", 4, FOUR),
    ("multi_worker", 2, FOUR, 2),
]


@pytest.mark.slow
@pytest.mark.parametrize("sharing", SHARED_BY, ids=str)
def test_embeddings_are_those_of_one_device_and_no_picture_is_lost_or_doubled(trained, sharing):
    found, expected = trained(*sharing), trained("none", 0)
    readable = [f"{row:02d}" for row in range(COUNT) if row not in BROKEN]
    assert found["embedding.ids"].tolist() == expected["embedding.ids"].tolist() == readable
    for name in ("embeddings", "features"):
        np.testing.assert_allclose(
            found[f"embedding.{name}"], expected[f"embedding.{name}"], rtol=1e-6, atol=1e-6
        )
    assert np.ptp(found["embedding.embeddings"], axis=0).min() > 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("sharing", SHARED_BY, ids=str)
def test_pictures_that_any_worker_cannot_read_are_listed_with_the_reason(trained, sharing):
    expected = [[f"{row:02d}", "broken"] for row in BROKEN]
    assert trained(*sharing)["embedding.skipped"].tolist() == expected


@pytest.mark.slow
@pytest.mark.parametrize("sharing", SHARED_BY, ids=str)
def test_what_is_embedded_is_not_embedded_again(trained, sharing):
    # 23 pictures: 6 are broken, and 2 of the others have one content.
    assert trained(*sharing)["embedding.new"].tolist() == [16, 0]


@pytest.mark.slow
def test_each_worker_decodes_its_own_pictures_alone(trained):
    first = trained("multi_worker", 2, TWO)["embedding.decoded"].tolist()
    # 22 contents, every second of a batch of four; then the others' 2 broken ones for the reason.
    assert first[:11] == [f"{row:02d}" for row in range(0, 22, 2)]
    assert first[11:13] == ["05", "07"]
