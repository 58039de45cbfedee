"""Optfleet's Python side."""
