"""Ray that the engine starts itself; apart from the tests of a cluster, which it would join while one is there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray")

ALONE = """
import socket
from pathlib import Path
import ray
from fashion_keras.execution.ray_engine import RayEngine
RayEngine()
assert not (Path.home() / ".ray").exists(), "the token is written nowhere"
folder = Path(ray._private.worker._global_node.get_session_dir_path()).parents[1]
assert folder.stat().st_mode & 0o777 == 0o700
(node,) = ray.nodes()
gcs = ray.get_runtime_context().gcs_address.rpartition(":")[2]
for port in (node["NodeManagerPort"], node["ObjectManagerPort"], int(gcs)):
    socket.create_connection(("127.0.0.1", port)).close()
    try:
        socket.create_connection(("127.0.0.2", port))  # whoever listens everywhere answers here too
    except ConnectionRefusedError:
        print(folder)
"""


def test_ray_that_is_started_here_listens_on_the_loopback_alone_and_leaves_nothing(tmp_path: Path) -> None:
    variables = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    variables |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", ALONE], env=variables, capture_output=True, text=True, check=False)
    assert (done.stderr, len(refused := done.stdout.split())) == ("", 3)
    assert not Path(refused[0]).exists()
    assert list(tmp_path.iterdir()) == []
