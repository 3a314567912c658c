"""A thin entry for tools that ask for setup.py; pyproject.toml declares the package."""

from setuptools import setup

setup()
