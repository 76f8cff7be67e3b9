"""The profile of a step from its command line to its files."""

import json

import pytest

from tests.experiments.conftest import run_script, succeeded

SMALLEST = ("--encoder=resnet10", "--width=0.125", "--image_size=8", "--batch_size=4", "--steps=2")


def test_the_time_of_a_step_is_told_by_kind_of_operation(workplace):
    printed = succeeded(workplace, "profile_step", *SMALLEST, "--output_dir=profile")
    profile = json.loads((workplace / "profile" / "profile.json").read_text())
    times = list(profile["operations"].values())
    assert profile["step_milliseconds"] > 0
    assert times == sorted(times, reverse=True)
    # Two gradients of every convolution, whichever library computes them.
    assert sum("Conv2DBackprop" in kind for kind in profile["operations"]) >= 2
    assert next(iter(profile["operations"])) in printed
    assert list((workplace / "profile" / "trace").rglob("*.xplane.pb"))


@pytest.mark.parametrize(("work", "kind"), [("augment", "XLA"), ("embed", "Conv2D")])
def test_the_augmentation_and_the_embedding_are_told_alone(workplace, work, kind):
    arguments = (*SMALLEST, f"--work={work}", f"--output_dir=profile_{work}")
    succeeded(workplace, "profile_step", *arguments)
    profile = json.loads((workplace / f"profile_{work}" / "profile.json").read_text())
    assert profile["work"] == work and profile["step_milliseconds"] > 0
    assert any(kind in operation for operation in profile["operations"])
    assert not any("Backprop" in operation for operation in profile["operations"])


@pytest.mark.parametrize(
    ("argument", "said"),
    [("--work=read", "`work` must be one of"), ("--recipe=none", "`recipe` must be one of")],
)
def test_unknown_work_is_a_mistake_in_one_line(workplace, argument, said):
    done = run_script(workplace, "profile_step", argument)
    assert done.returncode == 2 and said in done.stderr


def test_an_unknown_encoder_is_a_mistake_in_one_line(workplace):
    done = run_script(workplace, "profile_step", "--encoder=vgg")
    assert done.returncode == 2
    assert "`encoder` must be one of" in done.stderr
