import collections

import numpy as np
import pytest

from simclr_tf.data.floor_plans import plan_classes

RNG_SEED = 3


def labels_of(split, pages, classes=None):
    rng = np.random.default_rng(RNG_SEED)
    classes = classes or plan_classes()
    return [[label for label, _ in classes.of_page(split, page, rng)] for page in range(pages)]


def test_a_quarter_of_the_classes_is_only_in_the_test():
    classes = plan_classes()
    assert (len(classes.seen), len(classes.unseen)) == (45, 15)
    assert sorted(classes.seen + classes.unseen) == list(range(60))
    for split in ("train", "validation"):
        drawn = {label for page in labels_of(split, 100) for label in page}
        assert drawn == set(classes.seen)
    assert {label for page in labels_of("test", 60) for label in page} == set(range(60))


def test_every_class_comes_about_equally_often():
    pages = collections.Counter(label for page in labels_of("train", 90) for label in set(page))
    # 90 pages of 5 classes of 45: ten each.
    assert set(pages.values()) == {10}


def test_every_test_page_has_four_symbols_of_a_class_never_trained_on():
    unseen = set(plan_classes().unseen)
    for page in labels_of("test", 30):
        counts = collections.Counter(label for label in page if label in unseen)
        assert 4 in counts.values()


def test_a_page_has_both_kinds_of_classes_in_the_test():
    classes = plan_classes()
    for page in labels_of("test", 30):
        assert len(set(page) & set(classes.seen)) == 3
        assert 1 <= len(set(page) & set(classes.unseen)) <= 2


def test_the_label_belongs_to_the_class():
    classes = plan_classes(20)
    for label, symbol_class in classes.of_page("test", 0, np.random.default_rng(0)):
        assert classes.names[label] == symbol_class.name


def test_without_unseen_classes_the_test_has_the_others():
    classes = plan_classes(8, 0.0)
    assert classes.unseen == ()
    assert len(labels_of("test", 1, classes)[0]) >= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`count` must be between 1 and 2000"),
        ((8, 1.0), "`unseen_share` must be between 0.0 and 0.9"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plan_classes(*arguments)


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match="`split` must be one of: train, validation, test"):
        plan_classes(8).of_page("all", 0, np.random.default_rng(0))
