"""Requests of many clients answered together: batches, limits, and what they share."""
