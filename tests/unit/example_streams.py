"""What the examples send without being asked, checked on CPython and on MicroPython."""

import json

from microdot.request import Request
from microdot.test_client import TestClient


async def check_chat(module):
    """A message reaches everybody, and those who come later; rubbish ends the connection."""
    subscription = await module.hub.subscribe("chat")
    client = TestClient(module.app)

    def joe():
        history = yield None
        assert json.loads(history) == [], history
        yield json.dumps({"name": "<joe>", "text": "hi" * 200})

    await client.websocket("/chat", joe)
    message = {"name": "<joe>", "text": "hi" * 150}
    assert await subscription.get() == ("chat", [message])

    def newcomer():
        history = yield None
        assert json.loads(history) == [message], history
        yield "rubbish"
        raise AssertionError("still connected")

    await client.websocket("/chat", newcomer)
    refused = await client.websocket("/chat", newcomer, {"Origin": "https://evil.example"})
    assert refused.status_code == 403
    await subscription.close()


async def check_gpio(module):
    """The page hears of every change of a pin."""
    request = Request(module.app, ("127.0.0.1", 1), "GET", "/events", "1.1", {})
    stream = (await module.app.dispatch_request(request)).body

    async def get_levels():
        levels = json.loads((await stream.__anext__()).decode()[6:])
        return levels["leds"], levels["buttons"]

    buttons = [["BUTTON0", 0], ["BUTTON1", 0]]
    assert await get_levels() == ([["LED0", 0], ["LED1", 0]], buttons)
    response = await TestClient(module.app).post("/leds/LED1", {"Origin": "http://evil"})
    assert response.status_code == 403
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await TestClient(module.app).post("/leds/LED1", form, b"level=1")
    assert response.status_code == 204
    buttons[1][1] = 1  # wired to the LED
    assert await get_levels() == ([["LED0", 0], ["LED1", 1]], buttons)
    await stream.aclose()
