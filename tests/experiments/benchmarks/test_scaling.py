import numpy as np
import pytest
import tensorflow as tf

from experiments.benchmarks.ours.scaling import _loss_of_rows, decoding, loss_of_share
from experiments.benchmarks.pictures import random_projections
from experiments.benchmarks.plan_scaling import scaling_cases
from experiments.benchmarks.settings import BenchmarkSettings
from experiments.benchmarks.targets import TARGETS
from experiments.local_cluster import local_configs
from simclr_tf.distribution.cluster import read_cluster
from simclr_tf.losses import nt_xent
from simclr_tf.losses.unit_rows import unit_rows


def test_the_rows_of_all_replicas_make_the_whole_loss():
    first, second = random_projections(6, 4)
    z = unit_rows(tf.concat([first, second], axis=0))
    sums = [float(_loss_of_rows(z, start, start + 4)) for start in (0, 4, 8)]
    assert sum(sums) / 12 == pytest.approx(float(nt_xent(first, second, 0.1)), rel=1e-5)


def test_the_tasks_measure():
    assert loss_of_share(8, 4, replicas=2)(1) > 0
    assert decoding(width=20, height=16, image_size=8)(1) > 0


def test_the_cases_and_their_target():
    cases = scaling_cases(BenchmarkSettings())
    assert len({case.name for case in cases}) == len(cases) == 3 + 3 + 3 + 1
    for case in cases[:3]:
        (alone,) = case.peers
        assert alone.target == TARGETS["scaling", case.name, "process"] == 1 / 1.15
    # 2 · 1/2, 2 · 3/4 and 2 · 7/8 of 256 rows of 128 numbers of 4 bytes.
    assert [case.limit.value for case in cases[3:6]] == [131072, 196608, 229376]


def test_local_workers_have_one_cluster_and_a_place_each():
    clusters = [read_cluster(config) for config in local_configs(3)]
    assert [cluster.index for cluster in clusters] == [0, 1, 2]
    assert len({cluster.addresses for cluster in clusters}) == 1
    assert len(np.unique(clusters[0].addresses)) == 3
