from experiments.benchmarks.block_table import block_table


def row(case, unit, ours, name, peer):
    return {"case": case, "unit": unit, "ours": ours, "peer_name": name, "peer": peer}


def test_a_line_holds_what_one_block_size_costs():
    seconds = "4096 pairs by block size, loss and gradient"
    memory = "4096 pairs by block size, peak memory above the inputs"
    rows = [
        row("4096 pairs, loss and gradient", "s", 9.0, "lightly NTXentLoss", 9.0),
        row(seconds, "s", 0.4, "blocks of 256", 0.51234),
        row(seconds, "s", 0.4, "blocks of 1024", None),
        row(memory, "MiB", 1234.5, "blocks of 256", 16.0),
        row(memory, "MiB", 1234.5, "blocks of 1024", 64.0),
    ]
    assert block_table(rows) == [
        "                4096 pairs, s  4096 pairs, MiB",
        "default                   0.4            1,234",
        "blocks of 256          0.5123               16",
        "blocks of 1024         failed               64",
    ]


def test_without_such_cases_there_is_no_table():
    assert block_table([row("4096 pairs, loss and gradient", "s", 9.0, None, None)]) == []
