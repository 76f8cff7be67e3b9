import numpy as np

from simclr_tf.data import AnnotatedDrawing, DrawingSet
from simclr_tf.detection.class_names import with_class_names


def test_classes_are_known_by_their_names():
    boxes = np.array([[0, 0, 5, 5]] * 3, float)
    drawing = AnnotatedDrawing("page.png", 9, 9, boxes, np.array([0, 1, 2]))
    known = with_class_names(DrawingSet((drawing,), ("door", "lamp", "fan")), ("fan", "door"))
    assert known.class_names == ("fan", "door", "lamp")
    assert known.drawings[0].labels.tolist() == [1, 2, 0]


def test_a_drawing_without_boxes_stays():
    empty = AnnotatedDrawing("page.png", 9, 9, np.zeros((0, 4)), np.zeros(0, np.int64))
    known = with_class_names(DrawingSet((empty,), ("door",)), ("fan",))
    assert len(known.drawings[0]) == 0
