import hashlib

from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data.splits import assign_splits, count_straddling, split_of

digests = st.binary(max_size=8).map(lambda content: hashlib.sha256(content).hexdigest())
fractions = st.tuples(st.floats(0, 0.49), st.floats(0, 0.49))
labelled_digests = st.lists(st.tuples(digests, st.integers(-1, 3)), max_size=40)


@given(digests, fractions)
def test_the_split_depends_on_the_content_alone(digest, shares):
    assert split_of(digest, *shares) == split_of(str(digest), *shares)
    assert split_of(digest, *shares) in ("train", "validation", "test")


@given(digests, st.floats(0, 0.49), st.floats(0, 0.49), st.floats(0, 0.49))
def test_the_validation_share_does_not_move_the_test_split(digest, first, second, test_share):
    is_test = split_of(digest, first, test_share) == "test"
    assert is_test == (split_of(digest, second, test_share) == "test")


@given(digests)
def test_without_shares_everything_is_train(digest):
    assert split_of(digest, 0, 0) == "train"


def test_the_shares_are_met():
    found = [split_of(hashlib.sha256(b"%d" % i).hexdigest(), 0.2, 0.1) for i in range(5000)]
    # Standard deviations: sqrt(5000 * .2 * .8) = 28 and sqrt(5000 * .1 * .9) = 21.
    assert abs(found.count("validation") - 1000) < 5 * 28
    assert abs(found.count("test") - 500) < 5 * 21


@given(labelled_digests, fractions)
def test_no_content_straddles_two_splits(pictures, shares):
    sha256 = [digest for digest, _ in pictures]
    labels = [label for _, label in pictures]
    splits = assign_splits(sha256, labels, ["train"] * len(pictures), *shares)
    kept = [row for row, split in enumerate(splits) if split is not None]
    assert count_straddling([sha256[row] for row in kept], [splits[row] for row in kept]) == 0
    assert all(labels[row] == -1 for row in range(len(pictures)) if row not in kept)


@given(labelled_digests, labelled_digests, fractions)
def test_adding_pictures_moves_no_labelled_picture(pictures, added, shares):
    def splits(rows):
        digest_list, labels = [digest for digest, _ in rows], [label for _, label in rows]
        return assign_splits(digest_list, labels, ["train"] * len(rows), *shares)

    before, after = splits(pictures), splits(pictures + added)
    for (_, label), old, new in zip(pictures, before, after, strict=False):
        assert label == -1 or old == new


@given(labelled_digests, st.sampled_from(["validation", "test"]))
def test_given_splits_are_left_as_they_are(pictures, split):
    sha256 = [digest for digest, _ in pictures] + ["00" * 32, "00" * 32]
    labels = [label for _, label in pictures] + [0, 0]
    given_splits = [split] * len(pictures) + ["validation", "test"]
    assert assign_splits(sha256, labels, given_splits, 0.2, 0.2) == given_splits


def test_a_missing_split_is_carved_out_of_train_only():
    sha256 = ["00" * 32, "ff" * 32, "00" * 32]
    splits = assign_splits(sha256, [0, 0, 0], ["train", "train", "validation"], 0.3, 0.3)
    assert splits == ["test", "train", "validation"]


def test_straddling_contents_are_counted_once():
    assert count_straddling(["a", "a", "a", "b"], ["train", "test", "test", "train"]) == 1
