import io
import struct
import zipfile

import numpy as np
import pytest

from simclr_tf.archives import check_archive, opened_archive, read_arrays

ARRAYS = {
    "rows": np.arange(12, dtype=np.float32).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "number": np.float64(0.5),
    "none": np.empty((0, 5), np.int64),
    "texts": np.array([b"a", b"bc"]),
}


@pytest.fixture
def archive(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    return tmp_path / "a.npz"


def zipped(path, compression=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(shape, content, dtype="<f4"):
    """The bytes of an `.npy` file that states this shape, whatever its content."""
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + content


def test_every_array_comes_back_as_it_was_saved(archive):
    read = read_arrays(archive)
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array, strict=True)


def test_an_array_that_is_left_out_is_checked_all_the_same(archive):
    assert "rows" not in read_arrays(archive, leave_out=("rows",))
    content = bytearray(archive.read_bytes())
    content[content.index(b"\x93NUMPY") + 130] ^= 1
    archive.write_bytes(content)
    with pytest.raises(ValueError, match="a.npz' is damaged: Bad CRC-32 for file 'rows.npy'"):
        read_arrays(archive, leave_out=("rows",))


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", objects=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match="is damaged: objects.npy states object"):
        read_arrays(tmp_path / "a.npz")


def test_a_shape_of_more_numbers_than_there_are_costs_no_memory(tmp_path):
    # 2^40 numbers of 4 bytes are 4 TiB.
    path = zipped(tmp_path / "a.npz", **{"a.npy": npy((2**20, 2**20), b"1234")})
    with pytest.raises(ValueError, match=r"a.npy states float32 of shape \(1048576, 1048576\)"):
        read_arrays(path)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path):
    # 100 MiB of zeros become about 100 KiB.
    path = zipped(tmp_path / "a.npz", zeros=bytes(100 << 20))
    with pytest.raises(ValueError, match="is damaged: its [0-9]+ bytes would become 104857600"):
        check_archive(path)


@pytest.mark.parametrize("name", ["../up.npy", "/root.npy", "a/../../b", "..\\windows.npy"])
def test_a_member_that_leads_out_of_the_archive_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="is damaged: it has a member"):
        check_archive(zipped(tmp_path / "a.zip", **{name: b"1"}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"text"])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="a.npz' is damaged"):
        read_arrays(tmp_path / "a.npz")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match="a.npz"):
        read_arrays(tmp_path / "a.npz")


def test_what_goes_wrong_while_reading_names_the_file(archive):
    with pytest.raises(ValueError, match="a.npz' is damaged: .*no item named 'gone'"):
        with opened_archive(archive) as opened:
            opened.read("gone")


def test_one_changed_byte_anywhere_is_refused_or_changes_nothing(archive):
    content = archive.read_bytes()
    generator = np.random.default_rng(0)
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= int(generator.integers(1, 256))
        archive.write_bytes(damaged)
        try:
            read = read_arrays(archive)
        except (ValueError, OSError) as error:
            assert str(error)
            refused += 1
            continue
        for name, array in read.items():
            np.testing.assert_array_equal(array, ARRAYS[name])
    assert refused > len(content) // 2


def test_another_version_of_the_format_is_refused(tmp_path):
    content = bytearray(npy((1,), struct.pack("<f", 1)))
    content[6] = 9
    with pytest.raises(ValueError, match=r"of version \(9, 0\) of NumPy's format"):
        read_arrays(zipped(tmp_path / "a.npz", **{"a.npy": bytes(content)}))
