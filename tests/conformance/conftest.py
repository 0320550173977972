"""The conformance tests run against each target: see `targets`.

CPython and MicroPython on this machine always; boards that are named with `--board`.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from .client import Connection
from .targets import APPLICATION, LOCAL, MICROPYTHON, Target, start


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target_name" in metafunc.fixturenames:
        options: list[str] = metafunc.config.getoption("--board", None) or []
        boards = [name for option in options for name in option.split(",") if name]
        metafunc.parametrize("target_name", [*LOCAL, *boards], scope="session")


class Targets(Protocol):
    """What the fixture `targets` gives."""

    def __call__(self, name: str, application: Path = APPLICATION) -> Target:
        """Return a target that runs an application, started when it is first asked for."""


@pytest.fixture(scope="session")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    """Start each target once for each application."""
    running: dict[tuple[str, Path], Target] = {}
    with contextlib.ExitStack() as stack:

        def get(name: str, application: Path = APPLICATION) -> Target:
            target = running.get((name, application))
            if target is None or (
                target.process is not None and target.process.poll() is not None
            ):
                folder = tmp_path_factory.mktemp(name)
                target = stack.enter_context(start(name, folder, application))
                running[name, application] = target
            return target

        yield get


def _require(name: str) -> None:
    if name == "micropython" and not MICROPYTHON.exists():
        pytest.fail(f"{MICROPYTHON} is missing; build it with `make {MICROPYTHON}`", pytrace=False)


@pytest.fixture
def target(request: pytest.FixtureRequest, target_name: str, targets: Targets) -> Target:
    """The server under test; skipped if it lacks a capability that the test needs."""
    _require(target_name)
    found = targets(target_name)
    _skip_without(request, found)
    return found


@pytest.fixture
def own_target(
    request: pytest.FixtureRequest, target_name: str, tmp_path: Path
) -> Iterator[Target]:
    """A server for this test alone, which may end it."""
    _require(target_name)
    if target_name not in LOCAL:
        pytest.skip(f"{target_name}: the application is not alone there")
    with start(target_name, tmp_path) as found:
        _skip_without(request, found)
        yield found


def _skip_without(request: pytest.FixtureRequest, target: Target) -> None:
    for mark in request.node.iter_markers("needs"):
        for capability in mark.args:
            if capability not in target.capabilities:
                pytest.skip(f"{target.name} has no {capability}")


@pytest.fixture
def connection(target: Target) -> Iterator[Connection]:
    """A connection to the server under test."""
    with target.connect() as connection:
        yield connection


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): run where the target has it")
