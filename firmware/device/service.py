"""Serves an application on the board's ports, and the device's own pages beside it."""

import asyncio
import gc
import sys

from microdot import server

from . import _build, log, safemode, status, tls

# lwIP's TCP connections left for those that are closing and for the application's own clients.
SPARE_TCP_PCBS = 4
# A board that served this long, or answered a request, has passed the boot.
GOOD_AFTER_S = 5
_STOP_TRIES = 5
# How often garbage is collected while as much as is free is allocated.
_COLLECTIONS = 4


class Front:
    """What the servers serve: `/_device` is the device's, everything else the application's.

    The device's own application has its own hooks, so that it answers whatever the user's do.
    """

    def __init__(self, device):
        self.device = device
        self.application = None
        self.answered = False

    def __getattr__(self, name):
        return getattr(self.application, name)  # whatever else the server wants to know

    async def dispatch_request(self, request):
        """The response to a request; None is a request that could not be read."""
        application = self.application
        if request and (request.path == "/_device" or request.path.startswith("/_device/")):
            application = self.device
        response = await application.dispatch_request(request)
        self.answered = True
        return response


class Service:
    """The board's servers, its console and the watch over its network.

    settings: as `settings.load` gives them. warnings: what the status is to show.
    """

    def __init__(self, settings, warnings):
        self.settings = settings
        self.warnings = warnings
        self.front = Front(status.create(self))
        self.interface = None
        self.serving = ""  # what is served, as the console says it
        self.https = "off: settings.json says so"
        self._tls = None
        self._debug = False
        self._servers = []
        self._task = None
        self._reader = None
        self._stopped = asyncio.Event()

    def take(self, app, host, port, debug, ssl):
        """The framework's handover: called in place of serving `app`.

        An application may never come back from its own asyncio.run(). So where a loop runs, the
        service starts in it.
        """
        if self.front.application is None:
            self._adopt(app)
            self._tls = ssl
            self._debug = debug
            self._say_ports(host, port)
        elif app is not self.front.application:
            log.line("a second application was started; only the first one is served")
        try:
            asyncio.current_task()
        except RuntimeError:
            return
        self._begin()

    def _adopt(self, application):
        self.front.application = application
        application.server = self  # for its shutdown()

    def _say_ports(self, host, port):
        ports = (self.settings["http_port"], self.settings["https_port"], 5000)
        if port not in ports or host not in ("0.0.0.0", self.settings["listen"]):
            log.line(f"the application asks for {host}:{port}; see settings.json for its port")

    def show(self, application, serving):
        """Serves `application` from now on.

        serving: what the console and the status call it.
        """
        self._adopt(application)
        self.serving = serving
        if self._servers:
            log.line("serving " + serving)

    def run(self):
        """Serves until somebody stops it, or the port cannot be had."""
        asyncio.run(self._until_stopped())

    def close(self):
        """Ends `run`: the application's shutdown()."""
        self._stopped.set()

    def _begin(self):
        if not self._task:
            self._task = asyncio.create_task(self._serve())

    async def _until_stopped(self):
        self._begin()
        await self._stopped.wait()

    async def _serve(self):
        try:
            await self._listen()
        except OSError as error:
            log.line(f"cannot listen: {error!r}")
            self._stopped.set()
            return
        # Left alone, MicroPython collects when the heap is full: by then what lives long is strewn
        # all over it, and no block is left that is large enough for a TLS connection.
        gc.collect()
        gc.threshold(gc.mem_free() // _COLLECTIONS)
        log.line("serving " + self.serving)
        self.ready()
        self._reader = asyncio.create_task(self._console())
        await self._watch()

    async def _listen(self):
        http, https = self.settings["http_port"], self.settings["https_port"]
        if https:
            if not self._tls:
                self._tls, self.https = tls.load()
            if not self._tls:
                https = None
        if not http and not https:
            self.warnings.append("http_port is off, but HTTPS is, too: HTTP is served on port 80")
            http = self.settings["http_port"] = 80
        if http:
            await self._start_server(http, None)
        if https:
            await self._start_server(https, self._tls)
            self.https = "on"

    async def _start_server(self, port, ssl):
        listener = server.Server(
            self.front, self.settings["listen"], port, ssl=ssl, debug=self._debug
        )
        # The application's own limits, but no more connections than the board has room for, all
        # ports together.
        limits = listener.limits = self.front.application
        limits.max_connections = min(limits.max_connections, _build.TCP_PCBS - SPARE_TCP_PCBS)
        if self._servers:
            listener.connections = self._servers[0].connections
        await listener.start()
        self._servers.append(listener)

    def ready(self):
        """Prints the line that tools wait for."""
        address = self.interface.address()
        scheme, port = "http", self.settings["http_port"]
        if not port:
            scheme, port = "https", self.settings["https_port"]
        url = f"{scheme}://{address}:{port}" if address else "-"
        down = "" if address else " net=down"
        print(f"READY {url} board={_build.BOARD} build={_build.ID}{down}")

    async def _console(self):
        """Prints the READY line again for each line that arrives on the console."""
        console = asyncio.StreamReader(sys.stdin.buffer)
        last = b""
        while byte := await console.read(1):  # b"": the console was closed, where that can be
            if byte == b"\r" or (byte == b"\n" and last != b"\r"):
                self.ready()
            last = byte

    async def _watch(self):
        """Tells when the address changes, and when the application has passed the boot."""
        address = self.interface.address()
        seconds = 0
        while True:
            await asyncio.sleep(1)
            status.uptime()  # keeps count of the millisecond clock's wraps
            seconds += 1
            if seconds <= GOOD_AFTER_S and (self.front.answered or seconds == GOOD_AFTER_S):
                safemode.passed()
            now = self.interface.address()
            if now != address:
                address = now
                self.ready()

    def stop(self):
        """Closes the sockets, after the loop was left.

        Another Ctrl-C ends what keeps it waiting.
        """
        server.handover = None
        if self._reader:
            # The loop was left: no task runs, though asyncio still takes the last one for running
            # and refuses to cancel it. Alive, the reader would take what is typed for the REPL.
            asyncio.core.cur_task = None
            self._reader.cancel()
        for _ in range(_STOP_TRIES):
            try:
                asyncio.run(self._close())
                break
            except KeyboardInterrupt:
                pass
        asyncio.new_event_loop()
        self._servers.clear()
        self._task = None
        gc.collect()

    async def _close(self):
        for listener in self._servers:
            listener.limits.shutdown_timeout = 1.0  # somebody waits for the prompt
            listener.close()
        for listener in self._servers:
            await listener.wait_closed()
