"""The table of costs names what an image can hold."""

import re
from pathlib import Path

import extension_costs

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/extensions.md"


def test_every_extension_states_its_cost() -> None:
    core, extensions = extension_costs.modules()
    rows = re.findall(r"^\| `(\w+)` \| [\d,]+ \| [\d,]+ \|", DOCUMENT.read_text(), re.MULTILINE)
    assert "server" in core
    assert rows == extensions, "python tools/extension_costs.py --image build/qemu makes the table"
