import dataclasses

import numpy as np
import pytest

from simclr_tf.protocols.analysis.joined import join_embeddings
from tests.protocols.analysis.conftest import file_of

IDS = ("a.png", "b.png", "c.png", "d.png")
VECTORS = np.array([[3, 4], [0, 2], [1, 0], [-5, 0]], np.float32)
CLASSES = ["x", "x", "y", None]


def reasons(joined):
    return {omission.part: omission.reason for omission in joined.omissions}


def test_one_file_gives_unit_vectors_and_its_labels():
    joined = join_embeddings({"embedding": file_of(VECTORS, IDS, CLASSES)})
    np.testing.assert_allclose(
        joined.vectors["embedding"], [[0.6, 0.8], [0, 1], [1, 0], [-1, 0]], atol=1e-6
    )
    assert joined.labels.tolist() == [0, 0, 1, -1] and joined.class_names == ("x", "y")
    assert joined.omissions == () and joined.read_pictures is None


def test_two_files_are_joined_by_id_in_the_order_of_the_first():
    order = [2, 0, 3, 1]
    after = file_of(-VECTORS[order], [IDS[row] for row in order], None, encoder="e2")
    joined = join_embeddings({"before": file_of(VECTORS, IDS, CLASSES), "after": after})
    np.testing.assert_array_equal(joined.vectors["after"], -joined.vectors["before"])
    assert joined.ids == IDS and joined.class_names == ("x", "y")
    assert (
        "3 pictures have another class or none" in reasons(joined)["the classes of the second file"]
    )


def test_pictures_of_one_file_only_are_left_out_and_counted():
    ids = ("a.png", "b.png", "c.png", "new.png")
    files = {"before": file_of(VECTORS, IDS), "after": file_of(VECTORS, ids, encoder="e2")}
    joined = join_embeddings(files)
    assert joined.ids == IDS[:3]
    assert reasons(joined) == {"2 pictures": "Only one of the two files has them."}


def test_pictures_whose_content_changed_are_left_out():
    before, after = file_of(VECTORS, IDS), file_of(VECTORS, IDS, encoder="e2")
    sha256 = after.sha256.copy()
    sha256[1] += 1
    joined = join_embeddings({"before": before, "after": dataclasses.replace(after, sha256=sha256)})
    assert joined.ids == ("a.png", "c.png", "d.png")
    assert "another content" in reasons(joined)["1 pictures"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_embeddings_without_a_direction_are_left_out_by_name(bad, dtype):
    vectors = VECTORS.astype(dtype)
    vectors[1] = bad
    file = dataclasses.replace(file_of(VECTORS, IDS, ["x", "y", "x", "x"]), embeddings=vectors)
    joined = join_embeddings({"embedding": file})
    assert joined.ids == ("a.png", "c.png", "d.png")
    # The class that only the bad picture had is gone with it.
    assert joined.class_names == ("x",)
    assert reasons(joined)["1 pictures"].endswith("has NaN, infinity or only 0 there: b.png.")


def test_too_few_pictures_are_refused_with_the_reason():
    vectors = VECTORS.copy()
    vectors[:2] = np.nan
    with pytest.raises(ValueError, match="at least 3 pictures .* Received: 2. 2 pictures: The emb"):
        join_embeddings({"embedding": file_of(vectors, IDS)})


def test_files_of_other_pictures_are_refused():
    other = file_of(VECTORS, [f"other/{name}" for name in IDS], encoder="e2")
    with pytest.raises(ValueError, match="`after` must hold the same pictures as `embeddings`"):
        join_embeddings({"before": file_of(VECTORS, IDS), "after": other})


def test_two_files_of_one_encoder_are_told():
    files = {"before": file_of(VECTORS, IDS), "after": file_of(VECTORS, IDS)}
    assert "one and the same encoder" in reasons(join_embeddings(files))["a comparison"]


def test_labels_that_are_no_level_of_the_folders_stand_beside_the_levels():
    ids = ("f/a/1.png", "f/b/2.png", "g/a/3.png", "g/c/4.png")
    # label_depth=-1 gathers both folders called a.
    joined = join_embeddings({"e": file_of(VECTORS, ids, ["a", "b", "a", "c"], "/folder")})
    assert [level.name for level in joined.levels] == ["coarse", "fine", "classes of the file"]
    same = join_embeddings({"e": file_of(VECTORS, ids, ["f", "f", "g", "g"], "/folder")})
    assert [level.name for level in same.levels] == ["coarse", "fine"]
