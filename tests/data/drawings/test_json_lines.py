import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.data.drawings.json_lines import lines_of_entries

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
    st.lists(VALUES, max_size=5),
    st.data(),
)
def test_every_entry_is_found_on_its_line(others, entries, data):
    keys = data.draw(st.permutations([*(key for key in others if key != "wanted"), "wanted"]))
    parts, expected, line = [], [], 1
    for key in keys:
        values = entries if key == "wanted" else [others[key]]
        line += 1
        parts.append(f"{json.dumps(key)} :" + (" [" if key == "wanted" else ""))
        for number, value in enumerate(values):
            comma = "," if number + 1 < len(values) else ""
            parts[-1] += f"\n{json.dumps(value)} {comma}"
            line += 1
            if key == "wanted":
                expected.append(line)
        parts[-1] += " ]" if key == "wanted" else ""
    text = "{\n" + " ,\n".join(parts) + "\n}"
    json.loads(text)
    assert lines_of_entries(text, "wanted") == expected


@pytest.mark.parametrize("text", ['{"a":[]}', ' {"b" : {"a": [1]}, "a" : [ ] }'])
def test_an_empty_list_has_no_lines(text):
    assert lines_of_entries(text, "a") == []
