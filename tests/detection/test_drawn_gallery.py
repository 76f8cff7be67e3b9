from simclr_tf.data.symbols.classes import symbol_classes
from simclr_tf.detection.drawn_gallery import drawn_gallery


def test_every_class_has_one_picture_of_unknown_size_and_always_the_same():
    classes = symbol_classes(4)
    gallery = drawn_gallery(classes)
    assert gallery.class_names == tuple(one.name for one in classes)
    assert gallery.labels.tolist() == [0, 1, 2, 3]
    assert not any(example.size_is_known for example in gallery.examples)
    # Clean pictures: their box has ink at all four edges, and paper is around it.
    for example, again in zip(gallery.examples, drawn_gallery(classes).examples, strict=True):
        margin = example.margin
        box = example.ink[margin:-margin, margin:-margin]
        assert min(edge.max() for edge in (box[0], box[-1], box[:, 0], box[:, -1])) >= 64
        assert example.ink[:margin].max() == 0
        assert (example.ink == again.ink).all()
