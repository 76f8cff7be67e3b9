"""The work as PyTorch, torchvision and lightly do it."""
