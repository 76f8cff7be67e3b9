import io
import zipfile

import numpy as np
import pytest

from experiments.endurance.mutate import mutated, with_changed_member

TEXT = b'{"names": ["pump", "valve"], "width": 200}\n' * 4


def many(content, is_text=True, count=400):
    return [mutated(content, is_text, np.random.default_rng([0, n])) for n in range(count)]


def test_the_same_generator_gives_the_same_mutation():
    assert many(TEXT) == many(TEXT)


def test_nearly_all_mutations_change_something_and_differ():
    changed = set(many(TEXT)) - {TEXT}
    assert len(changed) > 300


@pytest.mark.parametrize("content", [b"", b"a", b"\x00" * 3])
@pytest.mark.parametrize("is_text", [True, False])
def test_files_of_any_length_can_be_damaged(content, is_text):
    assert all(isinstance(made, bytes) for made in many(content, is_text))


def test_words_are_replaced_in_texts_only():
    assert any(b"/etc/passwd" in made for made in many(TEXT))
    assert not any(b"/etc/passwd" in made for made in many(TEXT, is_text=False))


def test_some_mutations_shorten_and_some_lengthen_the_file():
    lengths = [len(made) for made in many(TEXT)]
    assert min(lengths) < len(TEXT) // 2 and max(lengths) > 2 * len(TEXT)


def test_a_forged_archive_is_whole_and_differs_in_one_member():
    file = io.BytesIO()
    np.savez(file, a=np.arange(3), b=np.arange(4))
    for number in range(50):
        forged = with_changed_member(file.getvalue(), False, np.random.default_rng(number))
        with zipfile.ZipFile(io.BytesIO(forged)) as archive, zipfile.ZipFile(file) as good:
            assert archive.testzip() is None
            assert archive.namelist() == good.namelist()
            differ = [name for name in good.namelist() if archive.read(name) != good.read(name)]
        assert len(differ) <= 1
