"""The LEDs and buttons of a board on a page; start it in its folder.

The page listens to server-sent events and needs no library. One such as htmx can be put into
`static/`: the image carries it like any other file.
"""

import asyncio

from microdot import Microdot, abort
from microdot.csrf import CSRF
from microdot.sse import with_sse
from microdot.static import StaticFiles

try:
    from machine import Pin
except ImportError:  # not on a board
    from simulated_pin import Pin

# As the emulated board calls them; a Pico W has an LED called "LED", others have numbers.
LEDS = {name: Pin(name, Pin.OUT) for name in ("LED0", "LED1")}
BUTTONS = {name: Pin(name, Pin.IN) for name in ("BUTTON0", "BUTTON1")}

app = Microdot()
CSRF(app)


def read():
    """Return the levels of all pins."""
    return {
        "leds": [[name, LEDS[name].value()] for name in sorted(LEDS)],
        "buttons": [[name, BUTTONS[name].value()] for name in sorted(BUTTONS)],
    }


@app.get("/events")
@with_sse
async def events(request, sse):
    while True:
        levels = read()
        await sse.send(levels)
        for _ in range(40):  # 2 s: a page that hears nothing for longer connects again
            await asyncio.sleep(0.05)
            if read() != levels:
                break


@app.post("/leds/<name>")
async def switch(request, name):
    if name not in LEDS or request.form.get("level") not in ("0", "1"):
        abort(400, "There is no such LED or level")
    LEDS[name].value(int(request.form["level"]))
    return 204


StaticFiles("static").mount(app)

if __name__ == "__main__":
    app.run()
