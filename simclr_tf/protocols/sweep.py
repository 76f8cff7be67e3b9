"""Train one run after the other, each once, whatever happens to any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simclr_tf.protocols.sweep_base import Value
from simclr_tf.protocols.sweep_record import FAILED, FINISHED, STARTED, SweepRecord, SweptRun
from simclr_tf.runs import RunFolder, list_versions
from simclr_tf.runs.configs import CONFIG
from simclr_tf.runs.versions import next_version_number


def run_sweep(
    record: SweepRecord,
    train: Callable[[Mapping[str, Value], bool], str | None],
    *,
    retry_failed: bool = False,
    on_start: Callable[[SweptRun], None] = lambda run: None,
    on_end: Callable[[SweptRun], None] = lambda run: None,
) -> None:
    """Makes every run that `record` asks for and that is not done yet.

    The record is written before and after every run, so that a sweep may be stopped at any time:
    with the same record it passes over the runs that are done, continues the one that was stopped
    where that is the newest version, and begins anew what was lost. A run that fails is
    recorded with its reason, and the next one begins.

    Args:
        record: runs, and where they are written; no other process may write there.
        train: `train(combination, resume)` makes the next version in `record.run_dir`, or resumes
            the newest one, to its end, as the script of that name does; it returns why that
            failed, or None. What it raises stops the sweep.
        retry_failed: begin runs anew that failed before.
        on_start: called before a run.
        on_end: called after a run.
    """
    record.run_dir.mkdir(parents=True, exist_ok=True)
    record.save()
    for run in record.asked:
        if run.status == STARTED and _is_finished(record, run):
            # The sweep was killed between the end of the run and its record.
            _end(record, run, None)
        if run.status == FINISHED or (run.status == FAILED and not retry_failed):
            continue
        resume = run.status == STARTED and _is_newest(record, run)
        if not resume:
            run.version = next_version_number(record.run_dir)
        run.status, run.reason = STARTED, ""
        record.save()
        on_start(run)
        _end(record, run, train(run.values, resume))
        on_end(run)


def _end(record: SweepRecord, run: SweptRun, failure: str | None) -> None:
    if failure is None and not _is_finished(record, run):
        failure = f"it ended without finishing version_{run.version}"
    run.status = FINISHED if failure is None else FAILED
    run.reason = failure or ""
    if not record.folder_of(run).is_dir():
        run.version = None
    record.save()


def _is_finished(record: SweepRecord, run: SweptRun) -> bool:
    folder = record.folder_of(run)
    return (folder / CONFIG).is_file() and RunFolder.read(folder).finished


def _is_newest(record: SweepRecord, run: SweptRun) -> bool:
    begun = [path for path in list_versions(record.run_dir) if (path / CONFIG).is_file()]
    return bool(begun) and begun[-1] == record.folder_of(run)
