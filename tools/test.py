"""Runs the test suites one after another, each against its time budget, and says which failed.

python tools/test.py            all suites
python tools/test.py --quick    those that need no emulator
python tools/test.py --only hil,lint
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = (sys.executable, "-m", "pytest", "-q")
PYTHON_FOLDERS = (
    "benchmarks",
    "boards",
    "examples",
    "firmware",
    "hil",
    "manifest.py",
    "microdot",
    "ports",
    "tests",
    "tools",
)


@dataclass(frozen=True)
class Suite:
    """A suite: the commands that make it up and the seconds that it may take on two cores."""

    name: str
    budget: int
    commands: tuple[tuple[str, ...], ...]
    quick: bool = False


def pytest_suite(name: str, folder: str, budget: int, quick: bool = False) -> Suite:
    return Suite(name, budget, ((*PYTEST, folder),), quick)


def suites() -> list[Suite]:
    """All suites in the order in which they run: what fails soonest comes first."""
    python = [folder for folder in PYTHON_FOLDERS if (ROOT / folder).exists()]
    ruff = (sys.executable, "-m", "ruff")
    lint = (
        (*ruff, "check", "--quiet", *python),
        (*ruff, "format", "--check", "--quiet", *python),
        (sys.executable, "-m", "mypy"),
    )
    return [
        Suite("lint", 60, lint, quick=True),
        pytest_suite("unit", "tests/unit", 90, quick=True),
        pytest_suite("tools", "tests/tools", 60, quick=True),
        pytest_suite("firmware", "tests/firmware", 60, quick=True),
        pytest_suite("comparison", "tests/comparison", 30, quick=True),
        pytest_suite("openapi", "tests/openapi", 60),
        pytest_suite("port", "tests/port", 90),
        pytest_suite("hil", "tests/hil", 180),
        Suite(
            "conformance",
            420,
            ((*PYTEST, "tests/conformance", "--board", "qemu,qemu-HEAP192K"),),
        ),
    ]


def run_suite(suite: Suite) -> tuple[bool, float, str]:
    """Runs one suite; returns whether it passed, the seconds it took and pytest's closing line."""
    print(f"==> {suite.name}", flush=True)
    started = time.monotonic()
    passed, closing = True, ""
    for command in suite.commands:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if re.search(r"\d+ (passed|failed|error|skipped)", line):
                closing = line.strip(" =\n")
        if process.wait() != 0:
            passed = False
    return passed, time.monotonic() - started, closing


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only what needs no emulator")
    parser.add_argument("--only", default="", help="names of suites, separated by commas")
    args = parser.parse_args()
    chosen = [s for s in suites() if s.quick or not args.quick]
    if args.only:
        wanted = args.only.split(",")
        unknown = set(wanted) - {s.name for s in chosen}
        if unknown:
            print(
                f"test: no suite {', '.join(sorted(unknown))}; "
                f"there are: {', '.join(s.name for s in chosen)}",
                file=sys.stderr,
            )
            return 2
        chosen = [s for s in chosen if s.name in wanted]
    rows = [(suite, *run_suite(suite)) for suite in chosen]
    print()
    for suite, passed, seconds, closing in rows:
        verdict = "ok" if passed else "FAILED"
        late = "  over its budget" if seconds > suite.budget else ""
        print(f"{suite.name:12} {verdict:7} {seconds:6.1f} s of {suite.budget} s{late}  {closing}")
    failed = [suite.name for suite, passed, *_ in rows if not passed]
    if failed:
        print(f"failed: {', '.join(failed)}; one alone: make test-{failed[0]}")
        return 1
    tests = sum(int(n) for _, _, _, closing in rows for n in re.findall(r"(\d+) passed", closing))
    print(f"{tests} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
