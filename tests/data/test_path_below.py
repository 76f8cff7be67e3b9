import pytest

from simclr_tf.data.path_below import path_below


@pytest.mark.parametrize("name", ["a.png", "a/b.png", "./a.png", "a/../b.png", "..a/b", "a\\b"])
def test_a_name_within_a_folder_is_its_path(tmp_path, name):
    assert path_below(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("name", ["/etc/passwd", "..", "../a.png", "a/../../b.png", "a\0b"])
@pytest.mark.parametrize("folder", ["/data/pictures", "pictures", "."])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, name):
    with pytest.raises(ValueError, match="the file .* must lie in the folder"):
        path_below(folder, name)
