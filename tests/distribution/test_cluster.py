import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simclr_tf.distribution import Cluster, read_cluster
from simclr_tf.distribution.cluster import split_address


def config(cluster, job="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": job, "index": index}})


def test_workers_are_numbered_in_order():
    found = read_cluster(config({"worker": ["a:1", "b:2", "c:3"]}, index=2))
    assert found == Cluster(("a:1", "b:2", "c:3"), 2)
    assert found.port == 3


def test_a_chief_comes_first():
    cluster = {"worker": ["b:2"], "chief": ["a:1"]}
    assert read_cluster(config(cluster)) == Cluster(("a:1", "b:2"), 1)
    assert read_cluster(config(cluster, job="chief")).index == 0


def test_an_index_may_be_text_of_a_number():
    assert read_cluster(config({"worker": ["a:1", "b:2"]}, index="1")).index == 1


def test_an_ipv6_host_stands_in_brackets():
    assert split_address("[::1]:2222") == ("::1", 2222)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "must be set"),
        ("", "must be set"),
        ("{'cluster': 1}", "must be JSON"),
        ("[]", "must hold `cluster` and `task`"),
        ('{"cluster": {"worker": ["a:1"]}}', "must hold `cluster` and `task`"),
        (config({}), "must name tasks"),
        (config({"worker": []}), "must name tasks"),
        (config({"worker": ["a:1"], "ps": ["b:1"]}), "must name tasks"),
        (config({"worker": "a:1"}), "list of host:port"),
        (config({"worker": ["a"]}), "list of host:port"),
        (config({"worker": ["a:port"]}), "list of host:port"),
        (config({"worker": ["a:99999"]}), "list of host:port"),
        (config({"worker": [":1"]}), "list of host:port"),
        (config({"worker": [7]}), "list of host:port"),
        (config({"chief": ["a:1", "b:1"]}, job="chief"), "one chief"),
        (config({"worker": ["a:1", "a:1"]}), "an address of its own"),
        (config({"worker": ["a:1"]}, index=1), r"one of the cluster's \(worker 0\)"),
        (config({"worker": ["a:1"]}, job="chief"), "one of the cluster's"),
        (config({"worker": ["a:1"]}, index=None), "one of the cluster's"),
        (config({"worker": ["a:1", "b:1"]}, index=True), "one of the cluster's"),
    ],
)
def test_a_wrong_config_is_refused_with_the_reason(text, said):
    with pytest.raises(ValueError, match=f"`TF_CONFIG` .*{said}.*Received: TF_CONFIG="):
        read_cluster(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["worker", "index"]), inner),
)


@given(st.fixed_dictionaries({"cluster": json_values, "task": json_values}) | json_values)
def test_any_json_is_read_or_refused(value):
    try:
        read_cluster(json.dumps(value))
    except ValueError as error:
        assert "`TF_CONFIG`" in str(error)
