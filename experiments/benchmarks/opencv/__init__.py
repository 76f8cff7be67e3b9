"""What a person would try first on drawings: template matching."""
