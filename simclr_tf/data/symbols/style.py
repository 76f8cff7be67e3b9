"""How far pictures of a symbol may differ from a clean drawing of it."""

from __future__ import annotations

import dataclasses

Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Style:
    """Ranges and probabilities of what varies from picture to picture.

    Args:
        line_width: Line width as a fraction of the symbol's half-size.
        scale: Symbol's extent as a fraction of the picture's.
        shift: Share of the free margin, up to 1, by which the symbol may leave the centre.
        rotation: Largest rotation, degrees.
        shear: Largest shear and difference of the two scales, as a fraction.
        perspective: Largest perspective coefficient.
        wobble: Largest displacement of the lines, as a fraction of the half-size.
        coloured: Whether inks and papers vary; otherwise black on white.
        clutter: Probability of each kind of foreign line around the symbol.
        fill: Probability that the frame's inside is tinted, and that it is hatched.
        wear: Probability of each kind of damage: scratches, worn ink, an erased part.
        texture: Largest amplitude of the paper's texture and light, grey levels.
        fade: Largest share of the contrast that is lost.
        blur: Largest standard deviation of the blur, as a fraction of the picture's size; half of
            the pictures are not blurred.
        noise: Largest standard deviation of the noise, grey levels.
        compression: Probability of JPEG artefacts.
    """

    line_width: Range = (0.07, 0.15)
    scale: Range = (0.65, 0.95)
    shift: float = 1.0
    rotation: float = 15.0
    shear: float = 0.15
    perspective: float = 0.15
    wobble: float = 0.05
    coloured: bool = True
    clutter: float = 0.5
    fill: float = 0.15
    wear: float = 0.25
    texture: float = 28.0
    fade: float = 0.5
    blur: float = 0.02
    noise: float = 16.0
    compression: float = 0.25


PHOTOGRAPHED = Style()
CLEAN = Style(
    line_width=(0.1, 0.1),
    scale=(0.9, 0.9),
    shift=0.0,
    rotation=0.0,
    shear=0.0,
    perspective=0.0,
    wobble=0.0,
    coloured=False,
    clutter=0.0,
    fill=0.0,
    wear=0.0,
    texture=0.0,
    fade=0.0,
    blur=0.0,
    noise=0.0,
    compression=0.0,
)
