import numpy as np
import pytest
import tensorflow as tf

from simclr_tf.weights import read_checkpoint
from simclr_tf.weights.tensorflow_file import tensorflow_prefix


@pytest.fixture
def module():
    """A network with its variables, of which the last two have the same name."""
    module = tf.Module()
    module.kernel = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="conv2d/kernel")
    module.parts = [tf.Variable([1.0], name="bias"), tf.Variable([2.0], name="bias")]
    return module


def assert_read(path, module):
    found = read_checkpoint(path).arrays
    np.testing.assert_array_equal(found["conv2d/kernel"], module.kernel)
    # The second of a name goes by its place.
    values = {name: value for name, value in found.items() if value.shape == (1,)}
    assert sorted(values.values()) == [[1.0], [2.0]]
    assert "bias" in values and len(values) == 2


def test_a_saved_model_is_read_by_the_names_of_its_variables(tmp_path, module):
    tf.saved_model.save(module, str(tmp_path / "model"))
    assert_read(tmp_path / "model", module)


@pytest.mark.parametrize("path", ["ckpt-1", "ckpt-1.index", "."])
def test_a_checkpoint_is_read_by_prefix_index_or_folder(tmp_path, module, path):
    tf.train.Checkpoint(model=module).save(str(tmp_path / "ckpt"))
    found = read_checkpoint(tmp_path / path).arrays
    found = {name: value for name, value in found.items() if "save_counter" not in name}
    assert sorted(value.size for value in found.values()) == [1, 1, 6]
    np.testing.assert_array_equal(found["conv2d/kernel"], module.kernel)


def test_the_newest_checkpoint_of_a_folder_is_taken(tmp_path, module):
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=module), tmp_path, None)
    manager.save()
    module.kernel.assign(module.kernel + 1)
    manager.save()
    np.testing.assert_array_equal(read_checkpoint(tmp_path).arrays["conv2d/kernel"], module.kernel)


def test_a_checkpoint_of_tensorflow_1_has_names_alone(tmp_path):
    kernel = np.arange(4, dtype=np.float32)
    prefix = str(tmp_path / "model.ckpt-250228")
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=["base_model/conv2d/kernel", "global_step"],
        shape_and_slices=["", ""],
        tensors=[tf.constant(kernel), tf.constant(9, tf.int64)],
    )
    found = read_checkpoint(prefix).arrays
    assert set(found) == {"base_model/conv2d/kernel", "global_step"}
    np.testing.assert_array_equal(found["base_model/conv2d/kernel"], kernel)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none here")
    assert tensorflow_prefix(tmp_path) is None
    with pytest.raises(ValueError, match="`weights` must be a file, or a folder with a SavedModel"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("part", ["ckpt-1.index", "ckpt-1.data-00000-of-00001"])
def test_a_truncated_checkpoint_is_refused(tmp_path, module, part, share):
    tf.train.Checkpoint(model=module).save(str(tmp_path / "ckpt"))
    content = (tmp_path / part).read_bytes()
    (tmp_path / part).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="`weights` must be a whole checkpoint of Tensor.*ckpt"):
        read_checkpoint(tmp_path)


def test_a_checkpoint_without_its_data_is_refused(tmp_path, module):
    tf.train.Checkpoint(model=module).save(str(tmp_path / "ckpt"))
    (tmp_path / "ckpt-1.data-00000-of-00001").unlink()
    with pytest.raises(ValueError, match="`weights` must be a whole checkpoint of Tensor.*ckpt"):
        read_checkpoint(tmp_path / "ckpt-1")
