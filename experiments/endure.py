"""Kill runs, damage files, train for hours: what the library endures, in a table.

    python experiments/endure.py --test=kills --kills=200             # 4 s a kill
    python experiments/endure.py --test=mutations --inputs=10000      # half a minute
    python experiments/endure.py --test=soak --minutes=120

Times are those of 2 cores. Expected: no lost run, no corrupt file, all runs bit-equal at their end;
no failure; a memory growth below 0.02 and a constant number of open files.

Writes kills.json, mutations.json or soak.json to --output_dir. What failed is kept there as well:
the folders of runs that were lost, and the files that ended in a traceback.
"""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
from typing import Any

from absl import flags

from experiments import launcher
from experiments.endurance.settings import EnduranceSettings
from experiments.settings_flags import SettingsFlags
from simclr_tf.files import write_json
from simclr_tf.runs.configs import package_versions

_SETTINGS = SettingsFlags(EnduranceSettings)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/endurance", "folder of the table")


def main() -> None:
    """Reads the flags and runs the test."""
    settings = _SETTINGS.read()
    output = pathlib.Path(_OUTPUT_DIR.value)
    work = output / f"{settings.test}_failures"
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    result = _endure(work, settings)
    table = {**result, "settings": dataclasses.asdict(settings), "versions": package_versions()}
    write_json(output / f"{settings.test}.json", table)
    for name, value in result.items():
        if not isinstance(value, list):
            print(f"{name}: {value}")
    faults = result.get("faults", []) + result.get("failures", [])
    for fault in faults[:20]:
        print(f"Fault: {fault}")
    if not faults:
        shutil.rmtree(work)
    print(f"Results: {output / settings.test}.json")


def _endure(work: pathlib.Path, settings: EnduranceSettings) -> dict[str, Any]:
    if settings.test == "kills":
        from experiments.endurance.kills import endure_kills
        from experiments.endurance.tiny_runs import run_job

        return endure_kills(work, settings, run_job)
    if settings.test == "mutations":
        from experiments.endurance.mutated_inputs import all_makers, endure_mutations

        return endure_mutations(work, settings, all_makers())
    from experiments.endurance.soak import endure_work

    return endure_work(work, settings)


if __name__ == "__main__":
    launcher.launch(main)
