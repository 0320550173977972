"""A small asynchronous web framework for MicroPython and CPython."""

from .app import Microdot, abort
from .compat import MICROPYTHON, iscoroutine
from .request import Request
from .response import Response
from .urls import URLPattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .streams import AsyncBytesIO as AsyncBytesIO

__version__ = "0.1.0"

__all__ = [
    "AsyncBytesIO",
    "Microdot",
    "Request",
    "Response",
    "URLPattern",
    "abort",
    "iscoroutine",
    "redirect",
    "send_file",
]

redirect = Response.redirect
send_file = Response.send_file


def __getattr__(name: str) -> object:
    if name == "AsyncBytesIO":  # costs RAM only when it is asked for
        from .streams import AsyncBytesIO

        return AsyncBytesIO
    # MicroPython asks here for submodules before it looks for them.
    if MICROPYTHON:
        try:
            __import__("microdot." + name)
        except ImportError:
            pass
        else:
            return globals()[name]
    raise AttributeError(name)
