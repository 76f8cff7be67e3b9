import numpy as np

from experiments.benchmarks.ours import many_classes
from experiments.benchmarks.ours.many_classes import draw_classes


def test_every_class_has_its_pictures_one_after_the_other():
    pictures = draw_classes(5, 3, 8)
    assert pictures.images.shape == (15, 8, 8, 3)
    assert pictures.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert len(pictures.class_names) == 5
    assert len({picture.tobytes() for picture in pictures.images}) == 15


def test_more_classes_than_symbols_are_turned_and_mirrored(monkeypatch):
    monkeypatch.setattr(many_classes, "MAX_CLASSES", 2)
    pictures = draw_classes(13, 1, 16)
    # Symbols 0 and 1 take turns: 0 in seven positions and 1 in six.
    plain, turned, mirrored = (pictures.images[label] for label in (1, 3, 9))
    np.testing.assert_array_equal(turned, np.rot90(plain))
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])
    assert len({picture.tobytes() for picture in pictures.images}) == 13
