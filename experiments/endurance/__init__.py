"""What `endure.py` does to the library: kills, damaged files and hours of work."""
