"""The old import path of the core's names."""

from .app import HTTPException, Microdot, abort, mro
from .coding import urldecode, urlencode
from .compat import invoke_handler, iscoroutine, print_exception
from .datastructures import MultiDict, NoCaseDict
from .request import Request
from .response import Response
from .server import MUTED_SOCKET_ERRORS
from .streams import AsyncBytesIO
from .urls import URLPattern

redirect = Response.redirect
send_file = Response.send_file

__all__ = [
    "MUTED_SOCKET_ERRORS",
    "AsyncBytesIO",
    "HTTPException",
    "Microdot",
    "MultiDict",
    "NoCaseDict",
    "Request",
    "Response",
    "URLPattern",
    "abort",
    "invoke_handler",
    "iscoroutine",
    "mro",
    "print_exception",
    "redirect",
    "send_file",
    "urldecode",
    "urlencode",
]
