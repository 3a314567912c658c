"""A thin entry beside pyproject.toml, which declares everything but the folders that make up the package.

The shipped models lie where exports lie, outside of `fashion_keras/`, and are mapped into it: one copy serves a
checkout, an editable installation and a wheel.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["fashion_keras*"]), "fashion_keras.pretrained"],
    package_dir={"fashion_keras.pretrained": "saved_models/pretrained"},
)
