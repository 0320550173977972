"""A small asynchronous web framework for MicroPython and CPython."""

from .app import Microdot, abort
from .request import Request
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .compat import iscoroutine as iscoroutine
    from .streams import AsyncBytesIO as AsyncBytesIO
    from .urls import URLPattern as URLPattern

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
    # Names that few applications use cost RAM only when they are asked for.
    if name == "AsyncBytesIO":
        from .streams import AsyncBytesIO

        return AsyncBytesIO
    if name == "URLPattern":
        from .urls import URLPattern

        return URLPattern
    if name == "iscoroutine":
        from .compat import iscoroutine

        return iscoroutine
    raise AttributeError(name)
