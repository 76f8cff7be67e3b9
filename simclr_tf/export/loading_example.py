"""The smallest program that uses an exported folder; it is written into it."""

LOADING_EXAMPLE = '''\
"""Embed pictures with this model. Needs TensorFlow alone: python load_example.py a.jpg b.png"""

import pathlib
import sys

import tensorflow as tf

model = tf.saved_model.load(str(pathlib.Path(__file__).resolve().parent))
contents = [pathlib.Path(name).read_bytes() for name in sys.argv[1:]]
outputs = model.signatures["image_bytes"](image_bytes=tf.constant(contents))
embeddings = outputs["embedding"].numpy()  # [pictures, dimension], rows of length 1
print("embeddings:", embeddings.shape)
print("cosine similarities:")
print((embeddings @ embeddings.T).round(3))
if "probabilities" in outputs:
    names = model.signatures["label_names"]()["label_names"].numpy()
    for path, row in zip(sys.argv[1:], outputs["probabilities"].numpy(), strict=True):
        print(f"{path}: {names[row.argmax()].decode('utf-8', 'replace')} {row.max():.3f}")
'''
