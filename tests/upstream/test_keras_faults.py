"""The faults of Keras that `distribution/keras_faults.py` steps around are still there."""

import pathlib

import keras
import pytest

from tests.distribution.conftest import finish, start_workers

FOLDER = pathlib.Path(__file__).parent
KNOWN_WITH = (3, 15)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("keras_symbolic_build.py", "Attempt to convert a value (PerReplica:"),
        ("keras_scalar_logs.py", "Invalid reduction dimension 0 for input with 0 dimensions"),
    ],
)
def test_the_fault_is_still_there(program, error):
    output, _ = finish(start_workers([FOLDER / program], 2))
    version = tuple(int(part) for part in keras.__version__.split(".")[:2])
    if version > KNOWN_WITH and "fit works" in output:
        pytest.fail(f"Keras {keras.__version__} has mended it: drop its work-around")
    assert error in output
