"""Optfleet's Python side: data before training (docs/data.md), and models of other programs (docs/models.md)."""
