"""Tasks for the processes under test, which need no framework."""

import os


def constant(value):
    return lambda count: value


def counted():
    """Gives the numbers of times that it was called with, one after the other."""
    calls = []

    def run(count):
        calls.append(count)
        return float(len(calls))

    return run


def times():
    return lambda count: float(count)


def process_id():
    return lambda count: float(os.getpid())


def environment(name):
    return lambda count: float(os.environ[name])


def noisy():
    print("a library that prints")
    return lambda count: 1.0


def broken():
    raise ValueError("no such\nthing")


def breaks():
    def run(count):
        raise ValueError("it broke")

    return run


def dies():
    def run(count):
        os._exit(7)

    return run


def takes(mebibytes):
    from experiments.benchmarks.memory import peak_above_now

    return lambda count: peak_above_now(lambda: len(bytearray(os.urandom(1)) * (mebibytes << 20)))
