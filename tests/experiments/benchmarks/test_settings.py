import dataclasses
import importlib.util

import pytest

from experiments.benchmarks.contestants import check_peers
from experiments.benchmarks.plan import plan
from experiments.benchmarks.settings import DEFAULT_PARTS, PARTS, BenchmarkSettings
from experiments.benchmarks.targets import TARGETS

# What ours is held against whoever the peers are.
OWN_PEERS = {
    *("import tensorflow", "plain batch of 256", "the step itself"),
    *("the encoder alone", "FAISS alone", "SimCLR"),
    *("the Keras encoder", "decoding, then the Keras encoder"),
}


def test_the_default_measures_everything_but_accuracy_and_many_classes():
    assert BenchmarkSettings().parts == DEFAULT_PARTS
    # Waiting and size are parts of input; 15,000 classes and workers take minutes; drawings must
    # be given.
    left_out = {"accuracy", "input_wait", "size", "many_classes", "detect", "scaling"}
    assert set(PARTS) - set(DEFAULT_PARTS) == left_out


def test_lists_have_commas_and_may_have_spaces():
    settings = BenchmarkSettings(part="step, loss,step", peers="", widths="0.5,1")
    assert settings.parts == ("step", "loss")
    assert settings.chosen_peers == ()
    assert settings.all_widths == (0.5, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"part": "speed"}, "`part` must be one of: augment, step"),
        ({"part": ""}, r"`len\(part\)` must be at least 1"),
        ({"peers": "jax"}, "`peers` must be one of: lightly, tuned, keras"),
        ({"repeats": 0}, "`repeats` must be at least 1"),
        ({"repeat_seconds": -1.0}, "`repeat_seconds` must be at least 0"),
        ({"threads": -1}, "`threads` must be at least 0"),
        ({"device": "tpu"}, "`device` must be one of: cpu, gpu"),
        ({"encoder": "vgg"}, "`encoder` must be one of: resnet10, resnet18, resnet34, resnet50"),
        ({"encoder": "resnet50"}, "`peers` must be without lightly and tuned .* is resnet50"),
        ({"widths": "wide"}, "`widths` must be numbers with commas"),
        ({"widths": "0"}, "`widths` must be greater than 0"),
        ({"batch_size": 1}, "`batch_size` must be at least 2"),
        ({"microbatch_size": 1}, "`microbatch_size` must be at least 2"),
        ({"plain_batch_size": 1}, "`plain_batch_size` must be at least 2"),
        (
            {"cached_batch_size": 4000},
            r"`cached_batch_size` must be a multiple of .* \(128\). Received: .*4000",
        ),
        ({"image_size": 4}, "`image_size` must be at least 8"),
        ({"input_pictures": 100}, "`input_pictures` must be at least 128"),
        ({"folder_image_size": 4}, "`folder_image_size` must be at least 8"),
        ({"imported_width": 0.0}, "`imported_width` must be greater than 0"),
        ({"search_pictures": 9}, "`search_pictures` must be at least 10"),
        ({"search_queries": 0}, "`search_queries` must be at least 1"),
        ({"metrics_pictures": -1}, "`metrics_pictures` must be at least 0"),
        ({"block_sizes": "256,many"}, "`block_sizes` must be numbers with commas"),
        ({"block_sizes": "256,0"}, "`block_sizes` must be at least 1"),
        ({"many_classes": 16_001}, "`many_classes` must be between 2 and 16000"),
        ({"many_class_pictures": 65}, "`many_class_pictures` must be between 1 and 64"),
        ({"detect_train_drawings": 0}, "`detect_train_drawings` must be at least 1"),
        ({"detect_examples": 0}, "`detect_examples` must be at least 1"),
        ({"every_window_pages": -1}, "`every_window_pages` must be at least 0"),
        ({"every_window_step": 0.0}, "`every_window_step` must be greater than 0"),
        ({"accuracy_minutes": 0.0}, "`accuracy_minutes` must be greater than 0"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        BenchmarkSettings(**arguments)


def cases(**arguments):
    return plan(BenchmarkSettings(**arguments), "folder")


def test_every_target_belongs_to_a_case_of_the_default_settings():
    planned = {
        (case.part, case.name, peer.target)
        for case in [*cases(), *cases(part="detect,scaling")]
        for peer in case.peers
    }
    missing = [key for key, value in TARGETS.items() if (*key[:2], value) not in planned]
    assert missing == []


def test_other_sizes_have_no_target():
    small = cases(part="step,pretrain,embed", widths="0.125", batch_size=8)
    assert {peer.target for case in small for peer in case.peers} == {None}


def test_only_the_chosen_peers_are_measured():
    names = {peer.name for case in cases(peers="keras") for peer in case.peers}
    assert names == {"plain Keras", *OWN_PEERS}


def test_without_peers_ours_is_measured_alone():
    assert {peer.name for case in cases(peers="") for peer in case.peers} == OWN_PEERS


def test_gradient_caching_is_held_against_a_plain_batch_of_256():
    speed, memory = (case for case in cases(part="step") if "gradient caching" in case.name)
    for case in (speed, memory):
        (plain,) = case.peers
        sizes = [
            (program.arguments["batch_size"], program.arguments["microbatch_size"])
            for program in (case.ours, plain)
        ]
        assert sizes == [(4096, 128), (256, 0)]
    assert (speed.higher_is_better, memory.higher_is_better) == (True, False)
    assert memory.fresh
    assert speed.ours.process != speed.peers[0].process
    assert memory.peers[0].target == pytest.approx(1 / 1.3)


def test_parts_come_in_the_order_they_were_asked_for():
    parts = [case.part for case in cases(part="loss,augment")]
    assert list(dict.fromkeys(parts)) == ["loss", "augment"]


def test_every_task_is_given_arguments_that_json_holds():
    for case in cases():
        for contestant in case.contestants:
            assert all(
                isinstance(value, (str, int, float, bool, list))
                for value in contestant.arguments.values()
            )


def test_every_peer_says_how_it_is_set_up():
    assert all(peer.setting for case in cases() for peer in case.peers)


def test_the_large_loss_can_be_left_out():
    names = [case.name for case in cases(part="loss", large_loss_pairs=0)]
    assert names == [
        "4096 pairs, loss and gradient",
        "4096 pairs, peak memory above the inputs",
    ]


def test_waiting_and_cost_with_size_are_parts_of_input():
    whole = {case.name for case in cases(part="input")}
    waiting = {case.name for case in cases(part="input_wait")}
    size = {case.name for case in cases(part="size")}
    assert len(waiting) == 3 and len(size) == 2
    assert not waiting & size and waiting | size < whole
    again = [case.name for case in cases(part="input,size,input_wait")]
    assert sorted(again) == sorted(whole)


def test_a_step_must_wait_less_than_a_hundredth_of_its_own_time():
    seconds = [case for case in cases(part="input_wait", peers="") if case.unit == "s"]
    assert [case.ours.arguments["on_disk"] for case in seconds] == [False, True]
    assert [peer.target for case in seconds for peer in case.peers] == [100.0, 100.0]


def test_a_step_of_sup_con_is_held_against_one_of_simclr_on_the_same_work():
    (case,) = (case for case in cases(part="step") if case.name.startswith("SupCon"))
    (simclr,) = case.peers
    assert simclr.arguments == case.ours.arguments
    assert (simclr.target, simclr.process) == (0.95, "plain")


def test_many_classes_are_measured_at_the_sizes_asked_for():
    start, rate, memory = cases(part="many_classes", many_classes=300, many_class_pictures=5)
    assert all(case.name.startswith("300 classes of 5 pictures") for case in (start, rate, memory))
    assert (start.limit.value, rate.limit, memory.limit.value) == (10.0, None, 32.0)
    for case in (start, rate, memory):
        assert case.fresh
        assert (case.ours.arguments["classes"], case.ours.arguments["batch_size"]) == (300, 128)


def test_search_may_be_asked_for_without_its_long_cases():
    few = cases(part="search", opened_pictures=0, metrics_pictures=0, page_pictures=0)
    name = "queries in 200000 x 128, top 10"
    assert [case.name for case in few] == [
        f"exact, 1000 {name}",
        f"hnsw, 1000 {name}",
        f"hnsw, 1000 {name}, recall",
    ]
    assert len(cases(part="search")) == len(few) + 5


def test_a_folder_is_embedded_by_each_width_beside_the_encoder_alone():
    planned = cases(part="embed_folder", peers="")
    assert [case.name for case in planned] == [
        "resnet18 width 0.25, 128 px",
        "resnet18 width 1, 128 px",
    ]
    for case in planned:
        (alone,) = case.peers
        assert case.fresh and alone.arguments == case.ours.arguments
        assert case.ours.arguments["data_dir"] == "folder"


def test_drawings_are_searched_beside_opencv_and_with_every_window_encoded():
    planned = {case.name: case for case in cases(part="detect", detect_weights="weights.h5")}
    seconds, precision, memory, some_seconds, recall = planned.values()
    assert [(case.limit.name, case.limit.value) for case in (seconds, memory)] == [
        ("limit", 20.0),
        ("limit of 2 GiB", 2048.0),
    ]
    assert [case.higher_is_better for case in planned.values()] == [
        *(False, True, False),
        *(False, True),
    ]
    for case in (some_seconds, recall):
        (every_window,) = case.peers
        assert every_window.arguments == {**case.ours.arguments, "every_window_step": 0.25}
        assert case.ours.arguments["every_window_step"] == 0
    assert {case.ours.arguments["pages"] for case in (some_seconds, recall)} == {1}
    for case in (seconds, precision, memory):
        (opencv,) = case.peers
        assert (opencv.name, opencv.process) == ("OpenCV template matching", "opencv")


def test_encoding_every_window_and_opencv_can_be_left_out():
    planned = cases(part="detect", peers="", every_window_pages=0)
    names = [case.ours.arguments["name"] for case in planned]
    assert names == ["seconds", "map_50", "mebibytes"]
    assert not [peer for case in planned for peer in case.peers]


def test_drawings_must_be_given():
    with pytest.raises(ValueError, match="`data_dir` must be given for detect"):
        plan(BenchmarkSettings(part="detect"), "")


def test_opencv_that_is_not_installed_is_asked_for(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="The peers opencv need cv2: pip install"):
        check_peers(BenchmarkSettings(part="detect"))
    check_peers(BenchmarkSettings(part="detect", peers=""))


def test_block_sizes_are_held_against_the_default_at_both_sizes():
    compared = [case for case in cases(part="loss", block_sizes="256, 512") if len(case.peers) > 1]
    assert [case.name for case in compared] == [
        "4096 pairs by block size, loss and gradient",
        "4096 pairs by block size, peak memory above the inputs",
        "16384 pairs by block size, loss and gradient",
        "16384 pairs by block size, peak memory above the inputs",
    ]
    for case in compared:
        sizes = [program.arguments["block_size"] for program in case.contestants]
        assert sizes == [0, 256, 512]
        assert [peer.name for peer in case.peers] == ["blocks of 256", "blocks of 512"]


@pytest.fixture
def without_torch(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "torch" else find(name)
    )


def test_a_peer_that_is_not_installed_is_named_with_its_extra(without_torch):
    with pytest.raises(ValueError, match=r'lightly and tuned need torch.*"simclr_tf\[bench\]"'):
        check_peers(BenchmarkSettings(part="step"))


@pytest.mark.parametrize(
    "arguments",
    [
        {"peers": "keras"},
        {"peers": ""},
        {"part": "import"},
        {"part": "size,search"},
        {"part": "many_classes"},
    ],
)
def test_what_needs_no_peer_runs_without_it(without_torch, arguments):
    check_peers(dataclasses.replace(BenchmarkSettings(part="step"), **arguments))


def test_an_exported_encoder_is_held_against_its_original_and_an_import_against_limits():
    planned = cases(part="export", peers="", widths="0.5")
    serving, contents, seconds, memory = planned
    assert serving.name == "serving_default, resnet18 width 0.5, 32 px"
    assert contents.name == "image_bytes, resnet18 width 0.5, 128 px"
    for case in (serving, contents):
        (peer,) = case.peers
        assert peer.arguments == case.ours.arguments and peer.process != case.ours.process
    assert contents.ours.arguments["data_dir"] == "folder"
    assert (seconds.limit.value, memory.limit.value) == (10.0, 3.0)
    assert all(case.fresh and not case.higher_is_better for case in (seconds, memory))
