"""Optfleet's Python side: models to and from other programs."""
