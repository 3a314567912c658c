"""docs/own-comparison.md: its files, and its commands as they stand, from an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "own-comparison.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_guide_s_commands_run_as_they_stand(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, arguments in (("python", ""), ("fashion-keras", "-m fashion_keras ")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments}"$@"\n')
        (programs / name).chmod(0o755)
    search = os.pathsep.join([str(GUIDE.parents[1]), *filter(None, sys.path)])
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": search}
    current = tmp_path / "current"
    current.mkdir()
    output = ""
    for language, text in BLOCKS:
        if language == "python":
            (current / text.split()[1]).write_text(text)
            continue
        done = subprocess.run(["sh", "-ec", text], cwd=current, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        output += done.stdout
    assert "12 runs: 0 in the store, 12 to train" in output
    assert "12 runs: 12 in the store, 0 to train" in output
    assert re.search(r"^norm .*better", output, re.MULTILINE)
    assert re.search(r"^digit.png +\d .*not inverted: as asked", output, re.MULTILINE)
    assert (current / "runs" / "my_comparison__digits" / "saved_models" / "norm" / "1" / "saved_model.pb").is_file()
