"""Which layers of an encoder a fine-tuning may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simclr_tf.checks import check_one_of

if TYPE_CHECKING:
    import keras

UNFREEZE = ("head", "last_stage", "all")

# How the name of the first layer after the last loss of resolution begins, by architecture.
_LAST_STAGE = {
    "resnet10": "layer4_",
    "resnet18": "layer4_",
    "resnet34": "layer4_",
    "resnet50": "layer4_",
    "wide_resnet50_2": "layer4_",
    "inception_resnet_v1": "mixed_7a_",
    "squeezenet": "fire6_",
    "efficientnetv2_b0": "block6a_",
    "convnext_tiny": "convnext_tiny_downsampling_block_2",
    "mobilenetv3_small": "expanded_conv_8_",
    "mobilenetv3_large": "expanded_conv_12_",
}


def unfreeze_layers(
    encoder: keras.Model, unfreeze: str = "all", freeze_batch_norm: bool = False
) -> tuple[str, ...]:
    """Sets which layers of `encoder` are trained, whatever was set before.

    Call it before the model is compiled. A frozen layer keeps its weights; a frozen batch
    normalisation also keeps its moving statistics, and normalises with them while training.

    Args:
        encoder: of `build_encoder` or `load_encoder`; any other model for `"head"` and `"all"`.
        unfreeze: `"head"` trains no layer of it, `"last_stage"` those after the last loss of
            resolution (the last residual stage, or the blocks that do its work), `"all"` all.
        freeze_batch_norm: leave batch normalisation as it is also where the rest is trained.

    Returns:
        Names of the layers with weights that are trained, in order.

    Raises:
        ValueError: if `unfreeze` is not accepted, or is `"last_stage"` for a network whose
            stages are not known.
    """
    check_one_of("unfreeze", unfreeze, UNFREEZE)
    first = {"head": len(encoder.layers), "all": 0}.get(unfreeze)
    if first is None:
        first = _start_of_last_stage(encoder)
    for position, layer in enumerate(encoder.layers):
        layer.trainable = position >= first
    if freeze_batch_norm:
        _freeze_batch_norm(encoder)
    return tuple(layer.name for layer in encoder.layers if layer.trainable_weights)


def _start_of_last_stage(encoder: keras.Model) -> int:
    prefix = _LAST_STAGE.get(encoder.name)
    places = [
        place
        for place, layer in enumerate(encoder.layers)
        if prefix is not None and layer.name.startswith(prefix)
    ]
    if not places:
        raise ValueError(
            f"`unfreeze` may be last_stage for these networks only: {', '.join(_LAST_STAGE)}. "
            f"Received: unfreeze='last_stage' for {encoder.name!r}"
        )
    return places[0]


def _freeze_batch_norm(model: keras.Model) -> None:
    import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            _freeze_batch_norm(layer)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
