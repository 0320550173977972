"""`hil run`: an emulated board that serves on this machine, its console in the terminal."""

import contextlib
import http.client
import json
import os
import signal
from collections.abc import Iterator

from .boards import BoardDescription
from .certificate import CERTIFICATE_FILE, KEY_FILE, make_identity
from .emulators import EmulatedBoard, Setup, start
from .errors import ConsoleError, HilError
from .images import Image
from .project import shown
from .ptybridge import PtyBridge
from .view import ConsoleView

# In the instance folder:
CONSOLE_LINK = "console"  # leads to the pseudo-terminal
CERTIFICATE = "certificate.pem"  # the board's, for clients that are to trust it

_ANSWER_TIMEOUT = 10.0  # seconds for the first HTTP request
_FIRST_WORDS_TIMEOUT = 2.0  # seconds for the firmware to say what it does
_OWN_PROGRAM_OR_READY = rb"device: running /main\.py\r\n|(?=READY )"


def run(description: BoardDescription, image: Image, setup: Setup, timeout: float) -> int:
    """Boots the board, shows its console and serves until Ctrl-C or the emulator's end.

    :param timeout: seconds until the board must be ready.
    :returns: the exit status: 0 after Ctrl-C, SIGTERM or SIGHUP.
    """
    view = ConsoleView()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with contextlib.ExitStack() as stack:
        try:
            board = stack.enter_context(start(description, image, setup))
            _say_limits(board, view)
            stack.enter_context(_offered_console(board, view))
            _wait_serving(board, view, timeout)
            board.process.wait()
            raise HilError(board.process.why_ended())
        except KeyboardInterrupt:
            # Once is enough: a second Ctrl-C must not leave the emulator behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            stack.close()
            view.say("\nStopped.")
    return 0


@contextlib.contextmanager
def _offered_console(board: EmulatedBoard, view: ConsoleView) -> Iterator[None]:
    """Shows the console and offers it on a pseudo-terminal, with a link to it that has a fixed
    place.
    """

    def released() -> None:
        if board.console.at_prompt:
            view.say("The console was left in the REPL: the board is restarted to serve again.")
            board.console.soft_reset()

    bridge = PtyBridge(board.console, released)
    link = board.setup.folder / CONSOLE_LINK
    try:
        link.unlink(missing_ok=True)
        os.symlink(bridge.name, link)
        view.say(f"Console: {bridge.name} (mpremote connect {bridge.name}, or make monitor)")
        unsubscribe = board.console.subscribe(view.feed, replay=True)
        yield
        unsubscribe()
    finally:
        link.unlink(missing_ok=True)
        bridge.close()


def _say_limits(board: EmulatedBoard, view: ConsoleView) -> None:
    if board.setup.open_network:
        view.say("Network: open, the board reaches this machine and the Internet.")
    else:
        view.say(
            "Network: the board reaches neither this machine nor the Internet; NET=open lets it."
        )
    if board.backlog_problem:
        view.say(
            f"Parallel clients may see stalls of 1 s, not the board's: {board.backlog_problem}."
        )


def _wait_serving(board: EmulatedBoard, view: ConsoleView, timeout: float) -> None:
    url = f"http://localhost:{board.http_port}"
    if _runs_own_program(board, min(timeout, _FIRST_WORDS_TIMEOUT)):
        view.say(f"No READY line is to be expected of /main.py; the board's port 80 is {url}")
        return
    board.wait_ready(timeout)
    if board.setup.https_port is not None:
        _provide_certificate(board, view, timeout)
    _get(board, "/")
    view.say(f"Serving {url} (Ctrl-C ends it)")
    if board.setup.https_port is not None:
        trust = shown(board.setup.folder / CERTIFICATE)
        view.say(f"Serving https://localhost:{board.https_port} (curl --cacert {trust})")


def _provide_certificate(board: EmulatedBoard, view: ConsoleView, timeout: float) -> None:
    """Puts a key and a certificate on a board that has none, at its first start."""
    try:
        https = str(json.loads(_get(board, "/_device/status"))["https"])
    except (ValueError, KeyError):
        return  # another firmware, or one whose answer tells nothing
    if not https.startswith("off: no "):
        return
    view.say("HTTPS: the board gets a key and a certificate of its own.")
    identity = make_identity(("localhost",), ("127.0.0.1",))
    board.put({CERTIFICATE_FILE: identity.certificate, KEY_FILE: identity.key})
    (board.setup.folder / CERTIFICATE).write_bytes(identity.pem)
    board.restart(timeout)


def _runs_own_program(board: EmulatedBoard, timeout: float) -> bool:
    """Whether a /main.py of the user's runs: then there is no server of ours."""
    with contextlib.suppress(ConsoleError):
        return bool(board.console.expect(_OWN_PROGRAM_OR_READY, timeout).group())
    return False


def _get(board: EmulatedBoard, path: str) -> bytes:
    """What the board answers; HilError if it says that it is ready and answers nothing."""
    connection = http.client.HTTPConnection(board.host, board.http_port, timeout=_ANSWER_TIMEOUT)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        url = f"http://localhost:{board.http_port}{path}"
        message = f"{board.name} says it is ready, but {url} failed ({error!r}); its console:"
        raise HilError(message, board.console.tail()) from error
    finally:
        connection.close()
