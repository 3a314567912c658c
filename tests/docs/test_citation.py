"""CITATION.cff says what the package says of itself."""

import re
import tomllib

from guides import PROJECT

import fashion_keras


def test_the_citation_has_the_package_s_version_and_licence():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    citation = dict(re.findall(r"^([\w-]+): (.+)$", (PROJECT / "CITATION.cff").read_text(), re.MULTILINE))
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (fashion_keras.__version__, project["license"])
    assert citation["abstract"] == project["description"]
