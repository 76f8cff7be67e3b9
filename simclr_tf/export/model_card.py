"""The model card of an exported encoder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simclr_tf.export.loading_example import LOADING_EXAMPLE

_RESIZING = {
    "crop": "the short side is resized to it and the centre is taken",
    "pad": "the whole picture is resized into it, on white",
    "stretch": "the picture is stretched to it",
}


def model_card(metadata: Mapping[str, Any]) -> str:
    """Returns the text of MODEL_CARD.md.

    Args:
        metadata: what metadata.json holds, see `export_encoder`.
    """
    parts = [
        _head(metadata),
        "## Use",
        f"`load_example.py` in this folder is the following program:\n\n```python\n"
        f"{LOADING_EXAMPLE}```",
        "As a layer of a Keras model: `keras.layers.TFSMLayer(FOLDER)` takes what "
        "`serving_default` takes. For TensorFlow Serving, put the folder at `models/NAME/1`.",
        _signatures(metadata),
        _intended_input(metadata),
        _provenance(metadata["provenance"]),
        _checks(metadata),
        f"## Licence of the weights\n{metadata['licence']}",
        _versions(metadata["versions"]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(metadata: Mapping[str, Any]) -> str:
    outputs = metadata["outputs"]
    text = (
        f"# {metadata['encoder']}: an encoder of pictures\n"
        f"Turns pictures into embeddings of {outputs['embedding']['dimension']} numbers, of length "
        f"1, whose products are cosine similarities. {metadata['parameters']:,} parameters, "
        f"{metadata['precision']}."
    )
    if metadata["label_names"]:
        text += f" Also gives the probabilities of {len(metadata['label_names'])} classes."
    return text


def _signatures(metadata: Mapping[str, Any]) -> str:
    outputs = ", ".join(
        f"`{name}` float32 [batch, {output['dimension']}]"
        for name, output in metadata["outputs"].items()
    )
    rows = [(f"`{name}`", text) for name, text in metadata["inputs"].items()]
    if metadata["label_names"]:
        rows.append(("`label_names`", "no input; gives `label_names`, string [classes]"))
    return f"## Signatures\nEach gives {outputs}.\n\n" + _table(("signature", "input"), rows)


def _intended_input(metadata: Mapping[str, Any]) -> str:
    size = metadata["image_size"]
    return (
        "## Intended input\n"
        f"Pictures like those it was trained on, of {size} × {size} pixels. Pictures of another "
        f"size are resized as in training: {_RESIZING[metadata['resize_mode']]}. Scaling is inside "
        "the model: give 0..255. `image_bytes` does not apply the rotation that the EXIF data of "
        "a photo may ask for: turn such pictures upright first. It has not been tested on "
        "pictures of other kinds; measure before you rely on it."
    )


def _provenance(provenance: Mapping[str, Any]) -> str:
    if not provenance.keys() & {"imported", "data", "recipe", "metrics"}:
        return "## Training\nNot recorded: the encoder came without the folder of its run."
    parts = ["## Training"]
    if provenance.get("imported"):
        parts.append(
            f"The weights were imported from `{provenance['imported']}`; how they were trained is "
            "for their source to say."
        )
    if provenance.get("data"):
        parts.append(_table(("data", ""), _rows(provenance["data"])))
    if provenance.get("recipe"):
        parts.append(_table(("recipe", ""), _rows(provenance["recipe"])))
    parts.append("## Results")
    metrics = provenance.get("metrics") or {}
    if metrics:
        parts += [f"`{name}`:\n\n" + _table(("", ""), _rows(of)) for name, of in metrics.items()]
    else:
        parts.append("None recorded.")
    return "\n\n".join(parts)


def _checks(metadata: Mapping[str, Any]) -> str:
    checks, samples = metadata["checks"], metadata["samples"]
    rows = [
        (f"`{signature}`", f"`{output}`", f"{difference:.1e}")
        for signature, outputs in checks["largest_difference"].items()
        for output, difference in outputs.items()
    ]
    text = (
        "## Checked before it was kept\n"
        f"Largest difference of one number from the encoder on {checks['pictures']} pictures "
        f"({samples['name'] or 'not named'}):\n\n"
        + _table(("signature", "output", "difference"), rows)
    )
    if metadata.get("tflite"):
        text += _tflite(metadata["tflite"])
    return text + (_onnx(metadata["onnx"]) if metadata.get("onnx") else "")


def _tflite(rows: Sequence[Mapping[str, Any]]) -> str:
    names = ("mean_similarity", "least_similarity", "nearest_of_class")
    shown = [name for name in names if name in rows[0]]
    table = [
        (row["variant"], f"{row['bytes'] / 1e6:.2f}", *(f"{row[name]:.4f}" for name in shown))
        for row in rows
    ]
    headings = ("TensorFlow Lite", "MB", *(name.replace("_", " ") for name in shown))
    return (
        "\n\nCosine similarity to the original's embeddings, and the share of pictures whose "
        "nearest other picture is of their class where classes are known. int8 takes uint8 "
        "pictures, the others floating ones, 0..255.\n\n" + _table(headings, table)
    )


def _onnx(written: Mapping[str, Any]) -> str:
    rows = [
        (f"`{written['file']}`", f"{written['bytes'] / 1e6:.2f}", f"`{output}`", f"{most:.1e}")
        for output, most in written["largest_difference"].items()
    ]
    return (
        "\n\nONNX takes and gives what `serving_default` does, in float32, of pictures of its own "
        f"size alone; compared on {written['pictures']} pictures by onnxruntime, opset "
        f"{written['opset']}.\n\n" + _table(("ONNX", "MB", "output", "difference"), rows)
    )


def _versions(versions: Mapping[str, Any]) -> str:
    return "## Made with\n" + ", ".join(f"{name} {version}" for name, version in versions.items())


def _rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"`{name}`", _shown(value)) for name, value in values.items()]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
