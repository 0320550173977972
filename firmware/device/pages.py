"""The device's own pages: the dashboard, and the rescue page with its log."""

from microdot import Microdot, Response

from . import log, status

_HEAD = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">
<title>Microdot Firmware</title>
<style>
:root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--text:#17202c;--soft:#5c6b7f;
--line:#e3e8ef;--good:#15803d;--bad:#b42318;--warn:#fff6dd}
@media(prefers-color-scheme:dark){:root{--page:#10151c;--card:#1a212b;--text:#e8edf3;
--soft:#9aa8b9;--line:#2c3644;--good:#4ade80;--bad:#ff8a7a;--warn:#3a3013}}
*{box-sizing:border-box}
body{margin:0;padding:4vh 16px;background:var(--page);color:var(--text);
font:16px/1.5 system-ui,sans-serif}
main{max-width:40rem;margin:auto;padding:24px clamp(16px,5vw,28px);background:var(--card);
border:1px solid var(--line);border-radius:12px}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:4px 12px}
h1{margin:0;font-size:1.3rem}
h2{margin:28px 0 8px;font-size:1rem}
#state{color:var(--good);font-size:.9rem;white-space:nowrap}
#state.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:auto 1fr;margin:16px 0 0}
dt,dd{margin:0;padding:8px 0;border-top:1px solid var(--line)}
dt{color:var(--soft);padding-right:16px}
dd{overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
p{margin:8px 0}
pre,code{font:14px/1.5 ui-monospace,monospace}
pre{margin:8px 0;padding:12px;white-space:pre-wrap;overflow-wrap:anywhere;
background:var(--page);border-radius:8px}
.note{padding:8px 12px;background:var(--warn);border-radius:8px;white-space:pre-line}
.note:empty{display:none}
</style>
</head>
<body>
<main>
"""

_DASHBOARD_TAIL = b"""
<h2>Serve your own application</h2>
<p>Put an <code>app.py</code> on the board and reset it:</p>
<pre>from microdot import Microdot

app = Microdot()

@app.get("/")
async def index(request):
    return "Hello, world!"</pre>
<pre>mpremote cp app.py : + reset</pre>
<p>Or copy a site with an <code>index.html</code> into the folder <code>/www</code>.</p>
</main>
<script>
const show = (id, text) => { document.getElementById(id).textContent = text };
const two = n => String(n).padStart(2, "0"), kb = n => `${Math.floor(n / 1024)} KB`;
async function refresh() {
  const state = document.getElementById("state");
  try {
    const answer = await fetch("/_device/status", {signal: AbortSignal.timeout(4000)});
    const s = await answer.json(), u = s.uptime_s, n = s.network;
    show("uptime", `${Math.floor(u / 3600)}:${two(Math.floor(u / 60) % 60)}:${two(u % 60)}`);
    show("memory", `${kb(s.mem_free)} of ${kb(s.mem_free + s.mem_alloc)}`);
    show("network", `${n.interface} ${n.up ? n.ip : "down"}`);
    show("warnings", s.warnings.join("\\n"));
    state.textContent = "running";
    state.className = "";
  } catch (error) {
    state.textContent = "no answer";
    state.className = "bad";
  }
  setTimeout(refresh, 3000);
}
setTimeout(refresh, 3000);
</script>
</body>
</html>
"""

_RESCUE_TEXT = """
<p>The board itself works. Repair the application over the console, then reset the board.</p>
<h2>Log</h2>
<pre>"""

_RESCUE_TAIL = '</pre>\n<p><a href="/_device/status">Status</a></p>\n</main>\n</body>\n</html>\n'

_HEADERS = {"Content-Type": "text/html; charset=UTF-8", "Cache-Control": "no-store"}


class Dashboard(Microdot):
    """What is served at `/` when nothing else is there.

    service: the Service that it tells about.
    """

    def __init__(self, service):
        super().__init__()

        @self.get("/")
        async def index(request):
            return Response(_dashboard(status.collect(service)), headers=_HEADERS.copy())


class Rescue(Microdot):
    """Answers every request with 503 and why the application does not run.

    reason: one line. The page shows the end of the log, which holds the application's traceback.
    """

    def __init__(self, reason):
        super().__init__()
        self.reason = reason

    async def dispatch_request(self, request):
        """The page, whatever was asked for."""
        return Response(_rescue(self.reason), 503, _HEADERS.copy())


def escape(text: object) -> str:
    """Text as it can stand in HTML, in an element or in a quoted attribute."""
    text = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def _header(title, state):
    return f'<header><h1>{title}</h1><span id="state"{state}</span></header>\n'


def _dashboard(values):
    rows = "\n".join(
        f'<dt>{label}</dt><dd id="{name}">{escape(value)}</dd>'
        for name, label, value in _rows(values)
    )
    warnings = escape("\n".join(values["warnings"]))
    yield _HEAD
    yield (
        _header("Microdot Firmware", ">running")
        + f'<dl>\n{rows}\n</dl>\n<p id="warnings" class="note">{warnings}</p>'
    )
    yield _DASHBOARD_TAIL


def _rows(values):
    seconds = values["uptime_s"]
    network = values["network"]
    memory = values["mem_free"]
    total = memory + values["mem_alloc"]
    return (
        ("board", "Board", values["board"]),
        ("version", "Version", f"{values['version']} on MicroPython {values['micropython']}"),
        ("build", "Build", values["build"]),
        ("uptime", "Uptime", f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"),
        ("memory", "Free memory", f"{memory // 1024} KB of {total // 1024} KB"),
        (
            "network",
            "Network",
            f"{network['interface']} {network['ip'] if network['up'] else 'down'}",
        ),
        ("hostname", "Host name", network["hostname"]),
        ("reset", "Last reset", values["reset_cause"]),
    )


def _rescue(reason):
    yield _HEAD
    yield _header("The application does not run", ' class="bad">rescue page')
    yield f'<p class="note">{escape(reason)}</p>'
    yield f"{_RESCUE_TEXT}{escape(log.text())}{_RESCUE_TAIL}"
