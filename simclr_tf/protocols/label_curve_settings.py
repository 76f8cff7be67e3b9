"""What a label-efficiency curve can be asked for; nothing here imports TensorFlow."""

from __future__ import annotations

import dataclasses

from simclr_tf.checks import check_at_least, check_between, check_one_of
from simclr_tf.protocols.fine_tuning_settings import FineTuningSettings
from simclr_tf.protocols.settings import PretrainSettings, SupervisedSettings

BASELINE, FROZEN = "baseline", "simclr_frozen"
# With which objective the pretrained encoder is trained on.
OBJECTIVES = {"simclr_supcon": "supcon", "simclr_cross_entropy": "cross_entropy"}
CONTESTANTS = (*OBJECTIVES, FROZEN, BASELINE)
CURVE_MEASURES = ("linear_probe_accuracy", "knn_accuracy", "top_1", "map_at_r")
# Fields of `FineTuningSettings` that the contestant or the curve decides.
DECIDED = (
    "encoder_dir",
    "from_head_layer",
    "encoder",
    "width",
    "stem",
    "mixed_precision",
    "weights",
    "objective",
    "keep_head",
    "label_mixer",
    "label_mixer_alpha",
    "seed",
    "probe_linearly",
    "max_minutes",
)


@dataclasses.dataclass(frozen=True)
class LabelCurveSettings:
    """What is measured.

    Attributes:
        pretrain: the pretraining; its seed is replaced by each of `seeds`.
        fine_tune: the training with labels; the fields in `DECIDED` are replaced.
        baseline: the training of the same network from scratch, as `compare.py` has it; its seed is
            replaced, and it is measured by its features, as the others are.
        labels_per_class: points of the curve.
        contestants: names in `CONTESTANTS`; `simclr_frozen` is the pretrained encoder as it is.
        from_head_layer: layers of the projection head that are trained on; `simclr_frozen` is the
            encoder without any.
        measure: what is drawn, of the test pictures: one of `CURVE_MEASURES`.
        seeds: each gives another pretraining and other labels.
    """

    pretrain: PretrainSettings
    fine_tune: FineTuningSettings
    baseline: SupervisedSettings = dataclasses.field(default_factory=SupervisedSettings)
    labels_per_class: tuple[int, ...] = (1, 2, 5, 10, 50)
    contestants: tuple[str, ...] = CONTESTANTS
    from_head_layer: int = 0
    measure: str = "linear_probe_accuracy"
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        for name in ("labels_per_class", "contestants", "seeds"):
            values = getattr(self, name)
            check_at_least(f"number of {name}", len(values), 1)
            if len(set(values)) < len(values):
                raise ValueError(f"`{name}` must differ. Received: {name}={values}")
        for count in self.labels_per_class:
            check_at_least("labels_per_class", count, 1)
        for name in self.contestants:
            check_one_of("contestants", name, CONTESTANTS)
        check_between("from_head_layer", self.from_head_layer, 0, self.pretrain.projection_depth)
        check_one_of("measure", self.measure, CURVE_MEASURES)

    def training(self, contestant: str, seed: int, encoder_dir: str) -> FineTuningSettings:
        """Returns what one contestant is trained with.

        Args:
            contestant: a key of `OBJECTIVES`.
            seed: of labels, weights and order.
            encoder_dir: the pretrained encoder.
        """
        return dataclasses.replace(
            self.fine_tune,
            encoder_dir=encoder_dir,
            from_head_layer=self.from_head_layer,
            encoder=self.pretrain.encoder,
            width=self.pretrain.width,
            stem=self.pretrain.stem,
            mixed_precision=self.pretrain.mixed_precision,
            weights="none",
            objective=OBJECTIVES[contestant],
            seed=seed,
            probe_linearly=self.probes_linearly,
        )

    @property
    def probes_linearly(self) -> bool:
        """Whether a linear probe is what is drawn."""
        return self.measure == "linear_probe_accuracy"
