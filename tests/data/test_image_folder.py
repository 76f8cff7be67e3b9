import pytest

from simclr_tf.data.image_folder import index_image_folder
from simclr_tf.data.selection import Selection

NOTHING_HELD_OUT = Selection(validation_fraction=0, test_fraction=0)


@pytest.fixture
def folder(tmp_path):
    """Writes files whose content is their own path, or what follows `=`; gives the folder."""
    root = tmp_path / "pictures"

    def write(*paths):
        for entry in paths:
            path, _, content = entry.partition("=")
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content or path)
        return root

    return write


def classes_of(root, selection=NOTHING_HELD_OUT, **options):
    index = index_image_folder(root, selection, **options)
    names = (*index.class_names, None)
    return {name: names[label] for name, label in zip(index.ids, index.labels, strict=True)}


def splits_of(root, selection=None, **options):
    index = index_image_folder(root, selection, **options)
    return dict(zip(index.ids, index.splits, strict=True))


def test_sub_folders_are_classes_with_all_below_them(folder):
    root = folder("cat/1.png", "dog/2.png", "dog/deeper/3.png")
    assert classes_of(root) == {"cat/1.png": "cat", "dog/2.png": "dog", "dog/deeper/3.png": "dog"}


def test_flat_pictures_have_no_label_and_are_for_training(folder):
    root = folder(*(f"{number}.png" for number in range(40)))
    assert set(classes_of(root).values()) == {None}
    assert set(splits_of(root).values()) == {"train"}


@pytest.mark.parametrize("name", ["unlabelled", "unlabeled", "Unlabelled"])
def test_an_unlabelled_folder_is_no_class(folder, name):
    root = folder("cat/1.png", f"{name}/2.png", f"{name}/deep/3.png")
    labels = classes_of(root)
    assert labels == {"cat/1.png": "cat", f"{name}/2.png": None, f"{name}/deep/3.png": None}


@pytest.mark.parametrize(
    ("label_depth", "expected"),
    [
        (1, ["Fruit", "Fruit", "Juice"]),
        (2, ["Apple", "Pear", "Juice"]),
        (-1, ["Gala", "Pear", "Juice"]),
    ],
)
def test_label_depth_says_which_folder_names_the_class(folder, label_depth, expected):
    root = folder("Fruit/Apple/Gala/1.png", "Fruit/Pear/2.png", "Juice/3.png")
    assert list(classes_of(root, label_depth=label_depth).values()) == expected


def test_folders_of_one_name_are_gathered_with_a_warning(folder):
    root = folder("monday/cat/1.png", "tuesday/cat/2.png", "tuesday/dog/3.png")
    index = index_image_folder(root, NOTHING_HELD_OUT, label_depth=2)
    assert index.class_names == ("cat", "dog")
    assert index.warnings == ("The class cat gathers 2 folders: monday/cat, tuesday/cat.",)


@pytest.mark.parametrize("name", ["validation", "valid", "val", "Val"])
def test_split_folders_are_honoured(folder, name):
    root = folder("train/cat/1.png", f"{name}/cat/2.png", "test/cat/3.png", "unlabelled/4.png")
    assert splits_of(root) == {
        "train/cat/1.png": "train",
        "unlabelled/4.png": "train",
        f"{name}/cat/2.png": "validation",
        "test/cat/3.png": "test",
    }
    assert set(classes_of(root).values()) == {"cat", None}


def test_missing_splits_are_carved_out_of_train(folder):
    root = folder(*(f"train/cat/{n}.png" for n in range(60)), "test/cat/1.png=a")
    splits = splits_of(root, Selection(validation_fraction=0.3, test_fraction=0.3))
    assert [name for name, split in splits.items() if split == "test"] == ["test/cat/1.png"]
    assert 5 <= list(splits.values()).count("validation") <= 35


def test_a_class_called_train_beside_other_classes_is_a_class(folder):
    root = folder("train/1.png", "car/2.png", "bus/3.png")
    assert set(classes_of(root).values()) == {"train", "car", "bus"}


def test_pictures_without_class_in_a_held_out_folder_are_left_out_with_a_warning(folder):
    root = folder("train/cat/1.png", "test/2.png", "test/3.png")
    index = index_image_folder(root, NOTHING_HELD_OUT)
    assert index.ids == ("train/cat/1.png",)
    assert index.warnings[0].startswith("2 pictures of the validation and test folders")


def test_adding_files_moves_no_other_file(folder):
    selection = Selection(validation_fraction=0.3, test_fraction=0.3)
    before = splits_of(folder(*(f"cat/{n}.png" for n in range(30))), selection)
    after = splits_of(folder(*(f"dog/{n}.png" for n in range(30))), selection)
    assert {name: after[name] for name in before} == before
    assert set(before.values()) == {"train", "validation", "test"}


def test_copies_never_straddle_two_splits(folder):
    root = folder(*(f"{kind}/{n}.png={n}" for n in range(30) for kind in ("cat", "dog")))
    splits = splits_of(root, Selection(validation_fraction=0.3, test_fraction=0.3))
    assert all(splits[f"cat/{n}.png"] == splits[f"dog/{n}.png"] for n in range(30))


def test_unlabelled_copies_of_held_out_pictures_are_left_out(folder):
    root = folder(*(f"{kind}/{n}.png={n}" for n in range(30) for kind in ("cat", "unlabelled")))
    selection = Selection(validation_fraction=0.3, test_fraction=0.3)
    splits = splits_of(root, selection)
    held_out = [n for n in range(30) if splits[f"cat/{n}.png"] != "train"]
    assert [n for n in range(30) if f"unlabelled/{n}.png" not in splits] == held_out
    assert (
        index_image_folder(root, selection)
        .warnings[0]
        .startswith(f"{len(held_out)} unlabelled pictures of the folder")
    )


def test_max_classes_keeps_whole_classes_and_unlabelled_pictures(folder):
    root = folder(*(f"class_{n}/{m}.png" for n in range(9) for m in range(2)), "1.png")
    selection = Selection(max_classes=3, validation_fraction=0, test_fraction=0)
    labels = classes_of(root, selection)
    assert len(labels) == 3 * 2 + 1
    assert len(set(labels.values()) - {None}) == 3
    assert labels == classes_of(root, selection)


def test_the_order_is_by_split_and_then_by_path(folder):
    index = index_image_folder(folder(*(f"cat/{n:02d}.png" for n in range(50))))
    rank = {"train": 0, "validation": 1, "test": 2}
    keys = [(rank[split], name) for split, name in zip(index.splits, index.ids, strict=True)]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_classes": 0}, "`max_classes` must be at least 1"),
        ({"class_seed": -1}, "`class_seed` must be at least 0"),
        ({"validation_fraction": -0.1}, "`validation_fraction` must be between 0 and 1"),
        ({"test_fraction": 1.1}, "`test_fraction` must be between 0 and 1"),
        ({"validation_fraction": 0.5, "test_fraction": 0.5}, "must be less than 1"),
    ],
)
def test_a_selection_out_of_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Selection(**arguments)


@pytest.mark.parametrize("label_depth", [0, -2])
def test_label_depth_out_of_range_is_refused(folder, label_depth):
    with pytest.raises(ValueError, match="`label_depth` must be at least 1"):
        index_image_folder(folder("cat/1.png"), label_depth=label_depth)
