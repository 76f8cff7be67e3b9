"""How bright the eye sees each colour."""

from __future__ import annotations

# ITU-R BT.601 luma, the grey of Pillow, torchvision and TensorFlow.
LUMA = (0.299, 0.587, 0.114)
