import dataclasses

from simclr_tf.detection.relations import related_examples, searched_examples


def test_few_examples_of_a_class_stand_for_all(gallery):
    arrow = gallery.examples[0]
    sizes = [arrow, *(dataclasses.replace(arrow, margin=arrow.margin - n) for n in (1, 2, 3))]
    # Sorted by size 0, 1, 2, 3: one of the lower half and one of the upper.
    assert searched_examples([*sizes, gallery.examples[1]], 2) == [1, 3, 4]
    assert searched_examples(sizes, 9) == [0, 1, 2, 3]


def test_examples_of_a_class_are_turned_alike(gallery):
    house = gallery.examples[2]
    examples = [house, gallery.examples[0], house.turned(90)]
    related = related_examples(examples, [0, 1, 2], 4)
    assert related == {0: [(0, 0.0), (2, 270.0)], 1: [(1, 0.0)], 2: [(2, 0.0), (0, 90.0)]}
