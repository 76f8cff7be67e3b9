"""Exact search as FAISS alone does it."""
