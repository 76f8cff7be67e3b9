import math

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

from simclr_tf.protocols import run_sweep
from simclr_tf.protocols.sweep_hparams import write_hparams
from simclr_tf.protocols.sweep_table import sweep_results
from tests.protocols.made_runs import make_record, make_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The event files of two finished runs, one without a figure, and a failed one."""
    run_dir = tmp_path_factory.mktemp("sweep")
    record = make_record(run_dir, "objective=supcon,triplet,cross_entropy", "epochs=3")
    figures = iter([(0.25, 0.75, 0.5), (math.nan,), None])

    def train(values, resume):
        top_1 = next(figures)
        if top_1 is None:
            return "no memory"
        make_run(run_dir, top_1)
        return None

    run_sweep(record, train)
    write_hparams(record, sweep_results(record))
    # A second time nothing is there twice.
    return write_hparams(record, sweep_results(record))


def data_of(folder, tag):
    accumulator = EventAccumulator(str(folder)).Reload()
    content = accumulator.SummaryMetadata(tag).plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def test_each_finished_run_is_a_session_with_its_values(folder):
    assert sorted(path.name for path in folder.glob("version_*")) == ["version_0", "version_1"]
    session = data_of(folder / "version_0", "_hparams_/session_start_info").session_start_info
    assert session.group_name == "version_0"
    assert session.hparams["objective"].string_value == "supcon"
    assert session.hparams["epochs"].number_value == 3
    assert len(list((folder / "version_0").iterdir())) == 1


def test_figures_are_there_for_every_epoch_and_once_for_the_best(folder):
    accumulator = EventAccumulator(str(folder / "version_0")).Reload()

    def scalars(tag):
        return [
            (event.step, float(tensor_util.make_ndarray(event.tensor_proto)))
            for event in accumulator.Tensors(tag)
        ]

    assert scalars("val_top_1") == [(1, 0.25), (2, 0.75), (3, 0.5)]
    assert scalars("best/val_top_1") == [(2, 0.75)]


def test_a_figure_that_is_no_number_is_left_out(folder):
    tags = EventAccumulator(str(folder / "version_1")).Reload().Tags()["tensors"]
    assert "loss" in tags
    assert not {"val_top_1", "best/val_top_1"} & set(tags)


def test_the_experiment_names_settings_their_values_and_the_figure(folder):
    experiment = data_of(folder, "_hparams_/experiment").experiment
    domains = {info.name: list(info.domain_discrete) for info in experiment.hparam_infos}
    assert domains == {"objective": ["supcon", "triplet"], "epochs": [3]}
    assert [info.name.tag for info in experiment.metric_infos] == ["best/val_top_1"]
