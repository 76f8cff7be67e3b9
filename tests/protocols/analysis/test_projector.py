import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.plugins import projector

from simclr_tf.protocols.analysis.joined import join_embeddings
from simclr_tf.protocols.analysis.projector import write_projector


@pytest.fixture(scope="module")
def joined(scenes, scenes_after):
    return join_embeddings({"before": scenes, "after": scenes_after})


def config_of(folder):
    text = (folder / "projector_config.pbtxt").read_text()
    return text_format.Parse(text, projector.ProjectorConfig())


def test_the_config_names_files_that_are_there(joined, tmp_path):
    write_projector(tmp_path / "projector", joined, np.arange(36))
    config = config_of(tmp_path / "projector")
    assert [embedding.tensor_name for embedding in config.embeddings] == ["before", "after"]
    for embedding in config.embeddings:
        vectors = np.loadtxt(tmp_path / "projector" / embedding.tensor_path, delimiter="\t")
        np.testing.assert_allclose(vectors, joined.vectors[embedding.tensor_name], atol=1e-5)
        assert (tmp_path / "projector" / embedding.metadata_path).is_file()
        assert list(embedding.sprite.single_image_dim) == [64, 64]


def test_metadata_has_a_line_for_each_picture(joined, tmp_path):
    write_projector(tmp_path / "projector", joined, np.array([0, 35]))
    lines = (tmp_path / "projector/metadata.tsv").read_text().splitlines()
    assert lines == [
        "picture\tclass\tsplit",
        "train/sea/00.png\tsea\ttrain",
        "test/street/11.png\tstreet\ttest",
    ]


def test_the_sprite_holds_the_pictures_line_by_line(joined, tmp_path):
    write_projector(tmp_path / "projector", joined, np.array([0, 12, 24]))
    with Image.open(tmp_path / "projector/sprite.png") as sprite:
        pixels = np.asarray(sprite)
    assert pixels.shape == (128, 128, 3)
    # Centres of sea (navy), forest (green), street (grey) and of the empty place.
    centres = [pixels[y, x].tolist() for y, x in ((32, 32), (32, 96), (96, 32), (96, 96))]
    assert centres == [[0, 0, 128], [0, 128, 0], [128, 128, 128], [255, 255, 255]]


def test_an_earlier_projector_is_replaced_and_other_folders_are_not(joined, tmp_path):
    write_projector(tmp_path / "projector", joined, np.arange(36))
    (tmp_path / "projector/old.tsv").write_text("old")
    write_projector(tmp_path / "projector", joined, np.arange(3))
    assert not (tmp_path / "projector/old.tsv").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("precious")
    with pytest.raises(ValueError, match="must not hold another projector/"):
        write_projector(tmp_path / "mine", joined, np.arange(3))
    assert (tmp_path / "mine/thesis.tex").read_text() == "precious"
