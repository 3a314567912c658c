"""Sweeps: one setting of every arm is tuned alike, then the arms are measured at their selected values on fresh seeds.

The reasoning: docs/fair.md.
"""
