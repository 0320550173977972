"""What all emulated boards have in common."""

import contextlib
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..board import BOOT_TIMEOUT, Board
from ..boards import BoardDescription
from ..console import Ready
from ..errors import ConsoleClosed, HilError
from ..images import Image
from .process import EmulatorProcess

_END_PATIENCE = 2.0  # seconds between the console's end and the emulator's


@dataclass(frozen=True, slots=True)
class Setup:
    """How an emulated board is started.

    :param folder: the instance: flash, identity, log. The same folder is the same board.
    :param http_port: of this machine, forwarded to the board's port 80; 0 takes a free one.
    :param https_port: the same for port 443; None forwards nothing.
    :param open_network: lets the board reach this machine and the world.
    :param deadline: seconds after which it is ended; None for no limit.
    :param console_log: a file that gets the console's lines.
    :param hooks: more for the guest's command line: `cut` loses power at the n-th flash operation.
    """

    folder: Path
    http_port: int = 0
    https_port: int | None = 0
    open_network: bool = False
    deadline: float | None = 600.0
    console_log: Path | None = None
    hooks: Mapping[str, int] = field(default_factory=dict)


class EmulatedBoard(Board):
    """An emulated board. It has power when the constructor returns; `wait_ready` waits until it
    serves.
    """

    image: Image
    setup: Setup
    backlog_problem: str | None = None
    """Why parallel clients may see stalls that are not the board's; None if they do not."""

    host = "127.0.0.1"
    """The address its ports are forwarded from."""

    def __init__(self, description: BoardDescription, image: Image, setup: Setup) -> None:
        self.description = description
        self.image = image
        self.setup = setup
        self.start()

    @property
    @abstractmethod
    def process(self) -> EmulatorProcess:
        """The emulator."""

    @property
    @abstractmethod
    def http_port(self) -> int:
        """The port of this machine that leads to the board's port 80."""

    @property
    @abstractmethod
    def https_port(self) -> int | None:
        """The port of this machine that leads to the board's port 443; None if nothing does."""

    @abstractmethod
    def start(self) -> None:
        """Gives the board power: the same board with the same flash each time."""

    @property
    def http_url(self) -> str:
        """The board's HTTP server, as this machine reaches it."""
        return f"http://{self.host}:{self.http_port}"

    @property
    def https_url(self) -> str | None:
        """The board's HTTPS server, as this machine reaches it."""
        return None if self.https_port is None else f"https://{self.host}:{self.https_port}"

    def wait_ready(self, timeout: float = BOOT_TIMEOUT) -> Ready:
        """Waits until the board serves; what answers must be the image that was started."""
        try:
            ready = super().wait_ready(timeout)
        except ConsoleClosed as error:
            with contextlib.suppress(HilError):
                self.process.wait(_END_PATIENCE)
            message = f"{self.name}: {self.process.why_ended()}; the console's last lines:"
            raise ConsoleClosed(message, error.details) from error
        if ready.build != self.image.build_id:
            raise HilError(
                f"{self.name} runs build {ready.build}, not {self.image.build_id}"
                f" of {self.image.path.name}"
            )
        return ready

    def power_cycle(self, hooks: Mapping[str, int] | None = None) -> None:
        """Takes the board's power away and gives it back; its ports here may change.

        :param hooks: for this start and the next ones, in place of those in the set-up.
        """
        self.close()
        if hooks is not None:
            self.setup = replace(self.setup, hooks=hooks)
        self.start()
