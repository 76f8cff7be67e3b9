import pytest

from simclr_tf.data.drawings.class_folders import class_folders


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (("pump", "globe valve", "é"), ("pump", "globe valve", "é")),
        # What a reader of image folders takes for something else.
        (("train", "Unlabelled", "test"), ("class_train", "class_Unlabelled", "class_test")),
        ((".hidden", "..", ""), ("class_hidden", "class_", "class__2")),
        (("a/b", "a\\b", "c:d?"), ("a_b", "a_b_1", "c_d_")),
        (("Pump", "pump", "PUMP"), ("Pump", "pump_1", "PUMP_2")),
        ((" x ", "x"), ("x", "x_1")),
    ],
)
def test_a_folder_is_the_name_wherever_it_can_be(names, folders):
    assert class_folders(names) == folders
