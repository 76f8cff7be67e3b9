"""What `endure.py` can be asked for; nothing here imports TensorFlow."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_one_of, check_positive

TESTS = ("kills", "mutations", "soak")
JOBS = ("loop", "pretrain")


@dataclasses.dataclass(frozen=True)
class EnduranceSettings:
    """How much is endured.

    Attributes:
        test: kills (SIGKILL while training), mutations (damaged files) or soak (hours of work).
        kills: of test kills: processes to kill; the run that is on is then trained to its end.
        job: of test kills: loop (the training loop and a tiny network) or pretrain (all of it).
        inputs: of test mutations: damaged files to read.
        kinds: of test mutations: which files, with commas; empty for all.
        seconds: of test mutations: processor time that one file may take.
        gigabytes: of test mutations: memory that reading may take on top of the program.
        minutes: of test soak.
        seed: of the moments and the mutations.
    """

    test: str = "kills"
    kills: int = 20
    job: str = "loop"
    inputs: int = 1000
    kinds: str = ""
    seconds: float = 10.0
    gigabytes: float = 4.0
    minutes: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_one_of("test", self.test, TESTS)
        check_at_least("kills", self.kills, 0)
        check_one_of("job", self.job, JOBS)
        check_at_least("inputs", self.inputs, 1)
        check_positive("seconds", self.seconds)
        check_positive("gigabytes", self.gigabytes)
        check_positive("minutes", self.minutes)
        check_at_least("seed", self.seed, 0)
