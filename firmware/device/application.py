"""Finds the user's application, imports it and decides which object of it is served."""

import asyncio
import sys

from microdot import Microdot

from . import files, log


class ApplicationError(Exception):
    """Why there is nothing to serve, in words for the user."""


def where() -> str:
    """What `import app` will import: "/app.py", "/app" or, with neither, "frozen app".

    A folder is a package with an `__init__.py`, or holds `app.py` next to the modules that it
    imports by their own names. As everywhere in MicroPython, a folder hides a file of that name.
    """
    if files.is_folder("app"):
        return "/app"
    if files.is_file("app.py") or files.is_file("app.mpy"):
        return "/app.py"
    return "frozen app"


def load(origin: str) -> object | None:
    """Imports the application from `origin`, as `where` named it.

    Returns its module, or None where there is none. Raises what the application raises.
    """
    if origin == "/app" and not _is_package("app"):
        if not _has_module("app/app"):
            raise ApplicationError("the folder /app has no __init__.py and no app.py")
        sys.path.insert(0, files.path("app"))
    # An application may end in asyncio.run(main()) and asyncio.new_event_loop(), as is the
    # custom on MicroPython. The tasks that it started live on in the firmware's loop, so there
    # must not be a new one.
    new_event_loop = asyncio.new_event_loop
    asyncio.new_event_loop = asyncio.get_event_loop
    try:
        return __import__("app")
    except ImportError as error:
        if origin == "frozen app" and "'app'" in str(error):
            return None
        raise
    finally:
        asyncio.new_event_loop = new_event_loop


def choose(module: object, origin: str) -> Microdot:
    """The application of a module that handed none over: its `app`, else the only one it has.

    Raises ApplicationError where there is none or no telling which.
    """
    found = getattr(module, "app", None)
    if isinstance(found, Microdot):
        return found
    names = [name for name in dir(module) if isinstance(getattr(module, name), Microdot)]
    if len({id(getattr(module, name)) for name in names}) == 1:
        log.line(f"{origin} has no 'app'; its '{names[0]}' is served")
        return getattr(module, names[0])
    if not names:
        raise ApplicationError(
            f"{origin} has no application: assign a Microdot() to the name 'app'"
        )
    raise ApplicationError(
        f"{origin} has several applications ({', '.join(names)}): call one of them 'app'"
    )


def was_interrupted() -> bool:
    """Whether Ctrl-C ended the application and it kept that to itself.

    asyncio is then still inside the task that was interrupted.
    """
    try:
        asyncio.current_task()
    except RuntimeError:
        return False
    return True


def _is_package(name):
    return _has_module(name + "/__init__")


def _has_module(name):
    return files.is_file(name + ".py") or files.is_file(name + ".mpy")
