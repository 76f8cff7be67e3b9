"""What `benchmark.py` measures: our programs and those of others, each in its own process.

It lies beside the scripts and not in the library, because it imports the peers.
"""
