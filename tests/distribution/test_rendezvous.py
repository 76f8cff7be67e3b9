import contextlib
import socket
import threading

import pytest

from simclr_tf.distribution.cluster import Cluster
from simclr_tf.distribution.rendezvous import meet_workers
from tests.distribution.conftest import free_addresses


def meet_all(identities, timeout=20.0):
    """Lets one worker a thread meet the others; returns what each of them raised."""
    addresses = tuple(free_addresses(len(identities)))
    errors = [None] * len(identities)

    def meet(index):
        try:
            meet_workers(Cluster(addresses, index), identities[index], timeout)
        except ValueError as error:
            errors[index] = str(error)

    threads = [threading.Thread(target=meet, args=(index,)) for index in range(len(identities))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return errors


@pytest.mark.parametrize("count", [1, 2, 5])
def test_workers_that_are_alike_meet(count):
    assert meet_all([{"keras": "3.15"}] * count) == [None] * count


def test_a_worker_that_differs_is_named_with_the_difference():
    errors = meet_all([{"keras": "3.15", "python": "3.11"}, {"keras": "3.16", "python": "3.11"}])
    assert "Worker 1 (127.0.0.1:" in errors[0]
    assert errors[0].endswith("differs: keras: 3.16 there, 3.15 here")
    assert errors[1].endswith("differs: keras: 3.15 there, 3.16 here")


def test_a_missing_worker_is_named_after_the_time_out():
    addresses = tuple(free_addresses(2))
    with pytest.raises(ValueError, match="within 0.5 seconds; missing: worker 1 at 127.0.0.1:"):
        meet_workers(Cluster(addresses, 0), {}, 0.5)


def test_a_host_that_does_not_exist_is_a_missing_worker():
    cluster = Cluster((free_addresses(1)[0], "no-such-host.invalid:2222"), 0)
    with pytest.raises(ValueError, match="missing: worker 1 at no-such-host.invalid:2222"):
        meet_workers(cluster, {}, 0.5)


def test_another_program_at_the_address_is_no_worker():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        over = threading.Event()

        def answer():
            other.settimeout(0.1)
            while not over.is_set():
                with contextlib.suppress(OSError):
                    line, _ = other.accept()
                    with line:
                        line.sendall(b"220 mail ready\n")

        thread = threading.Thread(target=answer)
        thread.start()
        cluster = Cluster((free_addresses(1)[0], f"127.0.0.1:{other.getsockname()[1]}"), 0)
        try:
            with pytest.raises(ValueError, match="worker 1 at .* answers"):
                meet_workers(cluster, {}, 0.5)
        finally:
            over.set()
            thread.join()


def test_a_port_that_is_taken_is_said_so():
    with contextlib.closing(socket.create_server(("", 0))) as other:
        cluster = Cluster((f"127.0.0.1:{other.getsockname()[1]}", "127.0.0.1:1"), 0)
        with pytest.raises(ValueError, match="a port that is free on this machine"):
            meet_workers(cluster, {}, 0.5)


def test_nonsense_from_a_stranger_does_not_disturb_the_meeting():
    addresses = tuple(free_addresses(2))
    errors = []

    def meet(index):
        try:
            meet_workers(Cluster(addresses, index), {}, 20.0)
        except ValueError as error:
            errors.append(error)

    first = threading.Thread(target=meet, args=(0,))
    first.start()
    host, port = addresses[0].split(":")
    for content in (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b'{"number": []}\n', b"\xff\xfe\n"):
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError):
                with socket.create_connection((host, int(port)), timeout=5) as line:
                    line.sendall(content)
                break
    second = threading.Thread(target=meet, args=(1,))
    second.start()
    first.join(60)
    second.join(60)
    assert errors == []


def test_the_time_out_must_be_greater_than_0():
    with pytest.raises(ValueError, match="`worker_timeout` must be greater than 0"):
        meet_workers(Cluster(("a:1",), 0), {}, 0)
