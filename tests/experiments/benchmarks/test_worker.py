import os

import pytest

from experiments.benchmarks.worker import Worker, WorkerFailed

TASKS = "tests.experiments.benchmarks.tasks"


@pytest.fixture
def worker():
    with Worker(threads=3) as worker:
        yield worker


def test_a_worker_gives_what_its_task_measured(worker):
    worker.prepare(f"{TASKS}:constant", {"value": 2.5})
    assert [worker.run(), worker.run()] == [2.5, 2.5]


def test_a_task_runs_in_another_process_which_lives_on(worker):
    worker.prepare(f"{TASKS}:process_id", {})
    first = worker.run()
    worker.prepare(f"{TASKS}:process_id", {})
    assert worker.run() == first != os.getpid()


def test_a_task_is_warmed_up_before_its_repeats(worker):
    worker.prepare(f"{TASKS}:counted", {}, repeat_seconds=1e-9)
    # Two calls warm up and calibrate, so the first repeat is the third.
    assert worker.run() == 3


def test_without_a_length_the_work_is_done_once_and_not_warmed_up(worker):
    worker.prepare(f"{TASKS}:counted", {}, repeat_seconds=0)
    assert worker.run() == 1


def test_short_work_is_done_as_often_as_fits_into_a_repeat(worker):
    worker.prepare(f"{TASKS}:times", {}, repeat_seconds=1.0)
    assert worker.run() > 100


def test_what_a_library_prints_does_not_disturb_the_answers(worker):
    worker.prepare(f"{TASKS}:noisy", {})
    assert worker.run() == 1


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "SIMCLR_TF_BENCHMARK_THREADS"])
def test_the_threads_are_set_before_any_library_is_imported(worker, name):
    worker.prepare(f"{TASKS}:environment", {"name": name})
    assert worker.run() == 3


def test_on_the_cpu_every_gpu_is_hidden(worker):
    worker.prepare(f"{TASKS}:environment", {"name": "CUDA_VISIBLE_DEVICES"})
    assert worker.run() == -1


def test_a_task_that_cannot_be_prepared_is_named_in_one_line(worker):
    with pytest.raises(WorkerFailed, match="^ValueError: no such thing$"):
        worker.prepare(f"{TASKS}:broken", {})


def test_a_worker_survives_a_task_that_raises(worker):
    worker.prepare(f"{TASKS}:breaks", {})
    with pytest.raises(WorkerFailed, match="it broke"):
        worker.run()
    worker.prepare(f"{TASKS}:constant", {"value": 1.0})
    assert worker.run() == 1


def test_a_process_that_dies_is_said_to_have_died(worker):
    worker.prepare(f"{TASKS}:dies", {})
    with pytest.raises(WorkerFailed, match="the process ended with status 7"):
        worker.run()


def test_a_process_that_has_imported_no_framework_says_so(worker):
    assert worker.describe() == {"versions": {}, "threads": {}, "gpu": None}


def test_the_peak_of_memory_is_what_the_work_takes(worker):
    worker.prepare(f"{TASKS}:takes", {"mebibytes": 64})
    assert 60 < worker.run() < 80


def test_memory_that_is_not_there_fails_in_the_process(worker):
    # 100 TiB.
    with Worker(threads=1, limit_memory=True) as limited:
        limited.prepare(f"{TASKS}:takes", {"mebibytes": 100 << 20})
        with pytest.raises(WorkerFailed, match="MemoryError"):
            limited.run()
