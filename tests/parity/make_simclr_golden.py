"""Writes golden/simclr.npz: what google-research/simclr's network gives with random weights.

Weights and pictures are drawn again by the test (`random_weights`), so that the file holds the
features, and of each SavedModel the names and shapes of its variables and TensorFlow's own record
of them. Made with the code of commit be265c2 and TensorFlow 2.15.1, whose Keras is 2, in an
environment of its own (Python 3.11):

    git clone https://github.com/google-research/simclr
    python3.11 -m venv simclr_venv
    simclr_venv/bin/pip install tensorflow-cpu==2.15.1
    PYTHONPATH=.:simclr/tf2 simclr_venv/bin/python tests/parity/make_simclr_golden.py

Arrays by case (`imagenet`: ResNet-50; `cifar`: with the stem for small pictures; `selective`: with
selective kernels): `CASE/features` float32 `[2, 2048]`; `CASE/variables`, lines of key, name and
shape; `CASE/graph`, the bytes of the record.
"""

import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from absl import flags
from resnet import resnet
from tensorflow.core.protobuf import trackable_object_graph_pb2

from tests.parity.random_weights import SIZES, random_pictures, random_state

GOLDEN = pathlib.Path(__file__).parent / "golden" / "simclr.npz"
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
# The flags of that code's run.py that decide the network, with its defaults.
flags.DEFINE_boolean("global_bn", True, "")
flags.DEFINE_float("batch_norm_decay", 0.9, "")
flags.DEFINE_float("sk_ratio", 0.0, "")
flags.DEFINE_float("se_ratio", 0.0, "")
flags.DEFINE_string("train_mode", "pretrain", "")
flags.DEFINE_integer("fine_tune_after_block", -1, "")


class Model(tf.keras.models.Model):
    """As in that code's model.py, without heads."""

    def __init__(self, cifar_stem):
        super().__init__()
        self.resnet_model = resnet(50, 1, cifar_stem=cifar_stem)

    def __call__(self, inputs, training):
        return self.resnet_model(inputs, training=training)


class SimCLRModel(tf.Module):
    """As in that code's run.py, `build_saved_model`."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.trainable_variables_list = model.trainable_variables

    @tf.function
    def __call__(self, inputs, trainable):
        return self.model(inputs, training=trainable)


def main():
    flags.FLAGS(["make_simclr_golden"])
    arrays = {}
    for case in ("imagenet", "cifar", "selective"):
        flags.FLAGS.sk_ratio = 0.0625 if case == "selective" else 0.0
        tf.keras.backend.clear_session()
        model = Model(cifar_stem=case == "cifar")
        pictures = random_pictures(SIZES["cifar" if case == "cifar" else "imagenet"])
        scaled = (pictures / 255).astype(np.float32)
        model(scaled, training=False)
        for variable in model.variables:
            name = variable.name.removesuffix(":0")
            variable.assign(random_state({name: tuple(variable.shape)})[name])
        if case != "selective":
            arrays[f"{case}/features"] = model(scaled, training=False).numpy()
        arrays |= saved(case, model)
    np.savez_compressed(GOLDEN, **arrays)


def saved(case, model):
    """What a SavedModel of the network says of its variables."""
    module = SimCLRModel(model)
    pictures = tf.TensorSpec([None, None, None, 3], tf.float32)
    for trainable in (True, False):
        module.__call__.get_concrete_function(pictures, trainable=trainable)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder)
        reader = tf.train.load_checkpoint(f"{folder}/variables/variables")
        record = reader.get_tensor(GRAPH)
        shapes = reader.get_variable_to_shape_map()
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(record)
    lines = [
        f"{attribute.checkpoint_key} {attribute.full_name} {shapes[attribute.checkpoint_key]}"
        for node in graph.nodes
        for attribute in node.attributes
    ]
    return {
        f"{case}/variables": np.array("\n".join(lines)),
        f"{case}/graph": np.frombuffer(record, np.uint8),
    }


if __name__ == "__main__":
    main()
