"""The boot order: what the board serves, and why."""

import asyncio
import gc
import os
import time

import micropython

from microdot import server

from . import application, files, log, net, safemode, settings
from .service import Service

_BURST_MS = 30


def start() -> None:
    """Boots the board into its servers. Returns, to the REPL, upon Ctrl-C."""
    values, warnings = settings.load()
    warnings += _shadows()
    for warning in warnings:
        log.line(warning)
    service = Service(values, warnings)
    try:
        service.interface = net.bring_up(values["hostname"])
        server.handover = service.take
        asyncio.get_event_loop().set_exception_handler(log.task_failed)
        _select(service)
        if not application.was_interrupted():
            service.run()
    except KeyboardInterrupt:
        _let_burst_pass()
    safemode.passed()  # somebody is at the console
    service.stop()
    log.line("stopped; Ctrl-D starts again")


def _let_burst_pass():
    """Tools send Ctrl-C more than once: the rest of them must not break the clean-up.

    What arrives meanwhile waits for the REPL.
    """
    micropython.kbd_intr(-1)
    try:
        time.sleep_ms(_BURST_MS)  # raises what came before the line above
    except KeyboardInterrupt:
        pass
    micropython.kbd_intr(3)


def _select(service):
    """Gives the service what it is to serve."""
    reason = safemode.reason()
    if reason:
        _rescue(service, reason)
        return
    safemode.attempt()
    service.serving = origin = application.where()
    try:
        if not _take_application(service, origin):
            _serve_own_pages(service)
        return
    except application.ApplicationError as error:
        reason = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        gc.collect()
        log.traceback(error)
        reason = f"{origin} raised {type(error).__name__}: {error}".replace("\n", " ")
    safemode.passed()  # it failed, but the board serves
    _rescue(service, reason)


def _take_application(service, origin):
    """Imports the user's application. Returns False where there is none."""
    try:
        module = application.load(origin)
    except SystemExit:
        # A program may end like this after it has started its server.
        if not service.front.application:
            raise
    else:
        if module is None:
            return False
        if not service.front.application:
            service.show(application.choose(module, origin), origin)
    return True


def _serve_own_pages(service):
    """No application: the files of /www, or the dashboard."""
    if files.is_file("www/index.html"):
        from . import www

        service.show(www.create(), "/www")
    else:
        from . import pages

        service.show(pages.Dashboard(service), "dashboard")


def _rescue(service, reason):
    from . import pages

    service.show(pages.Rescue(reason), "rescue page: " + reason)


def _shadows():
    """Warnings about files in the root that have the name of a frozen package."""
    warnings = []
    for name in os.listdir(files.ROOT):
        if name.startswith("microdot"):
            warnings.append(f"/{name} hides the firmware's framework from /main.py; remove it")
        elif name.split(".")[0] == "device":
            warnings.append(f"/{name} is hidden by a package of the firmware; rename it")
    return warnings
