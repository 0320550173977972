"""schemathesis looks for faults between the example's OpenAPI document and what it does.

It has an environment of its own, because it brings many packages along:
`python3 -m venv .deps/schemathesis && .deps/schemathesis/bin/pip install schemathesis`.
"""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from microdot.server import Server

ROOT = Path(__file__).parents[2]
COMMAND = ROOT / ".deps/schemathesis/bin/schemathesis"


@pytest.fixture
def url(monkeypatch):
    """Serve the example from a thread."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.delitem(sys.modules, "rest_api", raising=False)
    import rest_api

    loop = asyncio.new_event_loop()
    server = Server(rest_api.app, "127.0.0.1", 0)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_until_complete, args=(server.serve_forever(),))
    port = server.sockets[0].getsockname()[1]
    thread.start()
    yield f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(server.close)
    thread.join(10)
    loop.close()


@pytest.mark.timeout(120)
def test_no_fault_between_document_and_application(url, tmp_path):
    if not COMMAND.exists():
        pytest.skip("schemathesis is not installed; the head of this file says how")
    result = subprocess.run(
        [COMMAND, "run", url + "/openapi.json", "--checks", "all", "--max-examples", "50",
         "--seed", "1", "--continue-on-failure", "--request-timeout", "5", "--no-color"],
        cwd=tmp_path, check=False, capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No issues found" in result.stdout
