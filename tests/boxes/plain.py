"""Overlap and suppression as their definitions read, one pair at a time."""

from hypothesis import strategies as st


def iou(box, other):
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    union = (
        (box[2] - box[0]) * (box[3] - box[1])
        + (other[2] - other[0]) * (other[3] - other[1])
        - shared
    )
    return shared / union if union > 0 else 0.0


def suppress(boxes, scores, labels, threshold):
    kept = []
    for row in sorted(range(len(boxes)), key=lambda row: (-scores[row], row)):
        rivals = [other for other in kept if labels[other] == labels[row]]
        if all(iou(boxes[row], boxes[other]) <= threshold for other in rivals):
            kept.append(row)
    return kept


# Few different numbers, so that boxes coincide, touch and lie within each other.
_COORDINATES = st.one_of(
    st.integers(-6, 6).map(float), st.floats(-1e5, 1e5, allow_nan=False, width=32)
)


@st.composite
def box_lists(draw, max_size=12):
    rows = draw(st.lists(st.tuples(*[_COORDINATES] * 4), max_size=max_size))
    return [[min(a, c), min(b, d), max(a, c), max(b, d)] for a, b, c, d in rows]
