"""The work as `simclr_tf` does it."""
