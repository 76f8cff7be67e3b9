import numpy as np
import tensorflow as tf

from simclr_tf.augment.separable import apply_separable


def test_rows_and_columns_are_mapped_each_by_the_pictures_own_matrices():
    generator = np.random.default_rng(0)
    planes = generator.normal(size=(3, 2, 4, 5)).astype("float32")
    row_map = generator.normal(size=(3, 6, 4)).astype("float32")
    column_map = generator.normal(size=(3, 7, 5)).astype("float32")
    expected = np.einsum("nyh,nxw,nchw->ncyx", row_map, column_map, planes)
    result = apply_separable(*map(tf.constant, (planes, row_map, column_map)))
    np.testing.assert_allclose(result, expected, atol=1e-4)
