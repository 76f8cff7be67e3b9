import os

import pytest
import tensorflow as tf

from simclr_tf.distribution import (
    build_strategy,
    check_workers_agree,
    is_chief,
)
from simclr_tf.distribution.workers import figures_of_chief, largest_of_workers
from tests.distribution.conftest import finish, start


def test_none_is_one_device():
    assert build_strategy("none") is tf.distribute.get_strategy()


def test_mirrored_without_gpus_is_one_cpu():
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has GPUs")
    assert build_strategy("mirrored").num_replicas_in_sync == 1


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match="`strategy` must be one of: none, .*horovod"):
        build_strategy("horovod")


@pytest.mark.parametrize("name", ["none", "multi_worker", "tpu"])
def test_replicas_are_for_mirrored_alone(name):
    with pytest.raises(ValueError, match="`replicas` is for the strategy mirrored"):
        build_strategy(name, replicas=2)


def test_several_workers_need_a_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="`TF_CONFIG` must be set"):
        build_strategy("multi_worker")


def test_a_tpu_that_is_not_there_is_said_so(monkeypatch):
    for name in [name for name in os.environ if name.startswith("TPU")]:
        monkeypatch.delenv(name)
    with pytest.raises(ValueError, match="`strategy` may be tpu only where TensorFlow finds a TPU"):
        build_strategy("tpu")


def test_virtual_cpus_come_before_all_else():
    program = """
import tensorflow as tf
from simclr_tf.distribution import build_strategy
tf.constant(0)
try:
    build_strategy("mirrored", replicas=2)
except ValueError as error:
    print(error)
"""
    output, _ = finish([start(["-c", program], CUDA_VISIBLE_DEVICES="-1")])
    assert "`replicas` on a CPU must be set before TensorFlow has done anything else" in output


def test_a_process_alone_is_its_own_chief_and_agrees_with_itself():
    assert is_chief()
    assert largest_of_workers(7) == 7
    check_workers_agree("data_dir", "c0ffee")
    assert figures_of_chief(lambda: {"top_1": 0.5})() == {"top_1": 0.5}
