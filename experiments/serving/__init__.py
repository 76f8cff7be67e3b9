"""The service of serve.py: its addresses, what it refuses, and the load it is measured with."""
