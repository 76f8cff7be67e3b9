import dataclasses
import json

import pytest

from experiments.benchmarks.measured_parts import read_measured_parts
from experiments.benchmarks.prediction import (
    MeasuredParts,
    ScaleAssumptions,
    memory_bytes,
    predict,
    step_seconds,
)
from experiments.benchmarks.traffic import loopback_bytes, sent_by_all_reduce, sent_by_gather

MEASURED = MeasuredParts(decoded_per_core=100.0, observed_traffic=1.0)
ASSUMED = ScaleAssumptions(
    gpu_pictures_per_second=100.0,
    gpu_embeddings_per_second=1000.0,
    gpu_flops=1e9,
    gpus_per_machine=2,
    near_bytes_per_second=1e6,
    far_bytes_per_second=1e5,
    cores_per_machine=4,
    storage_bytes_per_second=1e6,
    picture_bytes=1e4,
    batch_per_gpu=50,
    parameters=1e5,
    projection_size=10,
    epochs=2,
)


def test_a_ring_sends_twice_the_sum_but_one_part_of_it():
    # 2 · 3/4 of 100 numbers of 4 bytes.
    assert sent_by_all_reduce(4, 100) == 600
    assert sent_by_all_reduce(1, 100) == 0
    assert sent_by_gather(2, rows=20, size=5) == 2 * 1 / 2 * 100 * 4


def test_the_kernel_counts_what_goes_over_loopback():
    assert loopback_bytes() >= 0


def test_the_parts_of_a_step():
    seconds = step_seconds(2, MEASURED, ASSUMED)
    # 50 / 100 pictures; 8 · 200² / 2 · 10 / 1e9; twice 4 · 200 · 10 / 1e6; 4 · 1e5 / 1e6.
    assert seconds == pytest.approx(
        {"encoder": 0.5, "loss": 0.0016, "gather": 0.016, "gradients": 0.4}
    )


def test_machines_beyond_the_first_send_over_the_network():
    near, far = (step_seconds(gpus, MEASURED, ASSUMED) for gpus in (2, 4))
    # 2 · 3/4 instead of 2 · 1/2 of the numbers, at a tenth of the speed.
    assert far["gradients"] == pytest.approx(1.5 * 10 * near["gradients"])


@pytest.mark.parametrize(
    ("changed", "limit", "hours"),
    [
        # 100 pictures in .9176 s.
        ({"storage_bytes_per_second": 1e9}, "the GPUs", 2 * 3600 / (100 / 0.9176) / 3600),
        # 1e5 / 1e4 pictures a second.
        ({"storage_bytes_per_second": 1e5}, "storage", 2 * 3600 / 10 / 3600),
        ({"storage_bytes_per_second": 1e9, "cores_per_machine": 1}, "decoding", 2 / 100),
    ],
)
def test_the_slowest_part_limits_the_training(changed, limit, hours):
    found = predict(3600, 2, MEASURED, dataclasses.replace(ASSUMED, **changed))
    assert found["limit"] == limit
    assert found["training_hours"] == pytest.approx(hours)


def test_memory_grows_with_the_whole_batch_by_its_projections_and_blocks():
    few, many = (memory_bytes(batch, ASSUMED) for batch in (100, 1100))
    # 2,000 more rows of 3 · 10 numbers and 4 blocks of 256.
    assert many - few == 4 * (3 * 2000 * 10 + 4 * 256 * 2000)


def test_parts_are_read_from_a_benchmark(tmp_path):
    rows = [
        ("decoding JPEG of 8 x 8", 300.0, None),
        ("sent by each of 2 workers in a gather", 105.0, 100.0),
    ]
    named = [
        {"part": "scaling", "case": case, "ours": ours, "peer": peer} for case, ours, peer in rows
    ]
    path = tmp_path / "benchmark.json"
    path.write_text(json.dumps({"rows": named, "machine": {"cores": 2}}))
    assert read_measured_parts(path) == MeasuredParts(150.0, 1.05)
    path.write_text(json.dumps({"rows": named[1:], "machine": {"cores": 2}}))
    with pytest.raises(ValueError, match="must be a benchmark.json of --part=scaling"):
        read_measured_parts(path)
