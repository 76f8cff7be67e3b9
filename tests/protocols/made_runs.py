"""Runs as a script leaves them, without any training."""

import numpy as np

from simclr_tf.protocols import FineTuningSettings, LabelBudget, SweepBase, SweepRecord
from simclr_tf.protocols.sweep_grid import grid_combinations, parse_grid
from simclr_tf.runs import RunFolder


def make_base(**changes):
    return SweepBase("finetune", [FineTuningSettings(**changes), LabelBudget()], {"data_dir": "x"})


def make_record(run_dir, *grid, base=None):
    base = base or make_base()
    return SweepRecord(run_dir, base, grid_combinations(base, parse_grid(grid)))


def make_run(run_dir, top_1=(0.5,), finish=True, test=None, monitor="val_top_1", mode="max"):
    """Writes the next version with these validation figures, one an epoch; returns its folder."""
    with RunFolder.create(run_dir, {}) as run:
        run.write_json("plan.json", {"monitor": monitor, "mode": mode})
        for epoch, value in enumerate(top_1, 1):
            run.append_metrics(
                {
                    "epoch": epoch,
                    "loss": 2.0 / epoch,
                    "val_top_1": value,
                    "val_map_at_r": np.float64(value) / 2,
                    "epoch_seconds": 1.5,
                }
            )
        if test is not None:
            run.write_json("metrics.json", test)
        if finish:
            run.mark_finished({})
        return run.path
