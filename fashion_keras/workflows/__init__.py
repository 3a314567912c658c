"""Workflows: what each command does, from its options to its last line."""
