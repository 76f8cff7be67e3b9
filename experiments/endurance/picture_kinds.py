"""Pictures, box files and what the cache of decoded pictures keeps."""

from __future__ import annotations

import json
import pathlib

import numpy as np
from PIL import Image

from experiments.endurance.kinds import Kind, WrongResult
from simclr_tf.data import decode_picture, load_pictures, read_coco, read_pascal_voc, read_yolo
from simclr_tf.data.decode import RESIZE_MODES, decode_whole, picture_size
from simclr_tf.data.drawings.class_names_file import read_class_names
from simclr_tf.data.folder_scan import scan_folder
from simclr_tf.data.manifest import content_hashes

_FORMATS = {
    "picture.png": ("RGB", {}),
    "grey.png": ("I;16", {}),
    "picture.jpg": ("RGB", {"exif": None}),
    "picture.gif": ("P", {}),
    "picture.bmp": ("RGB", {}),
    "picture.webp": ("RGBA", {}),
    "picture.tif": ("RGB", {"compression": "tiff_lzw"}),
}
_ORIENTATION = 0x0112


def picture_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns one kind for each format of pictures."""
    kinds = []
    for name, (mode, options) in _FORMATS.items():
        _save(folder / name, mode, options)
        kinds.append(Kind.of_file(name, folder / name, lambda path=folder / name: _decode(path)))
    return kinds


def box_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns the kinds of files with boxes and with names of classes."""
    page = Image.new("L", (200, 100), 255)
    for place in ("coco", "voc", "yolo"):
        (folder / place).mkdir()
        page.save(folder / place / "a.png")
    (folder / "coco/boxes.json").write_text(json.dumps(_coco(), indent=1))
    (folder / "voc/a.xml").write_text(_VOC)
    (folder / "yolo/a.txt").write_text("1 0.5 0.25 0.25 0.1\n0 0.1 0.1 0.1 0.1\n")
    (folder / "names.txt").write_text("pump\nvalve\n")
    (folder / "data.yaml").write_text("train: a\nnames:\n  0: pump\n  1: 'valve'\n")
    places = {
        "coco": ("coco/boxes.json", lambda: read_coco(folder / "coco/boxes.json")),
        "pascal_voc": ("voc/a.xml", lambda: read_pascal_voc(folder / "voc")),
        "yolo": ("yolo/a.txt", lambda: read_yolo(folder / "yolo")),
        "class_names": ("names.txt", lambda: read_class_names(folder / "names.txt")),
        "class_names_yaml": ("data.yaml", lambda: read_class_names(folder / "data.yaml")),
    }
    return [
        Kind.of_file(name, folder / path, read, is_text=True)
        for name, (path, read) in places.items()
    ]


def cache_kinds(folder: pathlib.Path) -> list[Kind]:
    """Returns the kinds of files in the cache; whatever is in them, the pictures stay right."""
    root, cache = folder / "pictures", folder / "cache"
    for number in range(12):
        path = root / f"class_{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        _save(path, "RGB", {}, seed=number)
    files, _ = scan_folder(str(root))

    def load() -> np.ndarray:
        splits = load_pictures(root, image_size=8, cache_dir=cache)
        return np.asarray(splits.train.images[:])

    expected, hashes = load(), content_hashes(str(root), files, cache)

    def check() -> None:
        if not np.array_equal(load(), expected):
            raise WrongResult("other pictures")
        if content_hashes(str(root), files, cache) != hashes:
            raise WrongResult("other digests")

    paths = {
        "manifest": next(cache.glob("manifest-*.npz")),
        "cached_pictures": next(cache.glob("*.npy")),
        "cached_pictures_json": next(cache.glob("*.json")),
    }
    return [Kind.of_file(name, path, check) for name, path in paths.items()]


def _save(path: pathlib.Path, mode: str, options: dict, seed: int = 0) -> None:
    generator = np.random.default_rng(seed)
    if mode == "I;16":
        picture = Image.fromarray(generator.integers(0, 2**16, (16, 24), np.uint16))
    else:
        pixels = generator.integers(0, 256, (16, 24, 3), np.uint8)
        picture = Image.fromarray(pixels).convert(mode)
    if "exif" in options:
        exif = Image.Exif()
        exif[_ORIENTATION] = 6
        options = {**options, "exif": exif}
    picture.save(path, **options)


def _decode(path: pathlib.Path) -> None:
    size = picture_size(path)
    for mode in RESIZE_MODES:
        picture = decode_picture(path, 16, mode)
        if picture.shape != (16, 16, 3) or picture.dtype != np.uint8:
            raise WrongResult(f"{picture.dtype} {picture.shape}")
    whole = decode_whole(path.read_bytes(), 32)
    if max(whole.shape[:2]) != min(32, max(size)):
        raise WrongResult(f"{whole.shape} of {size}")


def _coco() -> dict:
    annotation = {"image_id": 1, "bbox": [10.5, 20, 50, 10], "category_id": 7, "iscrowd": 0}
    return {
        "images": [{"id": 1, "file_name": "a.png", "width": 200, "height": 100}],
        "annotations": [annotation, {**annotation, "category_id": 3}],
        "categories": [{"id": 3, "name": "pump"}, {"id": 7, "name": "valve"}],
    }


_VOC = """<?xml version="1.0" encoding="utf-8"?>
<annotation>
  <filename>a.png</filename>
  <size><width>200</width><height>100</height><depth>3</depth></size>
  <object><name>pump</name>
    <bndbox><xmin>10</xmin><ymin>20</ymin><xmax>60</xmax><ymax>40</ymax></bndbox></object>
  <object><name>valve</name>
    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>200</xmax><ymax>100</ymax></bndbox></object>
</annotation>
"""
