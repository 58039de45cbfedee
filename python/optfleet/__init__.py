"""Optfleet's Python side: what is done to data before training (docs/data.md)."""
