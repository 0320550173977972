"""A chat over WebSocket. Start it in its folder; any number of browsers may join."""

import json

from microdot import Microdot
from microdot.pubsub import PubSub
from microdot.static import StaticFiles
from microdot.websocket import with_websocket

app = Microdot()
hub = PubSub()
recent = []  # what newcomers see


def parse(text):
    """Return what a client sent as a message for everybody, None if it is none."""
    try:
        sent = json.loads(text)
        message = {"name": sent["name"][:20].strip() or "Nobody", "text": sent["text"][:300]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return message if message["text"].strip() else None


@app.get("/chat")
@with_websocket(allowed_origins=())
async def chat(request, ws):
    ws.max_message_length = 2048
    async with hub.forwarding(ws, "chat"):
        await ws.send(json.dumps(recent))
        while True:
            message = parse(await ws.receive())
            if message is None:
                return await ws.close(1008, "not a message")
            recent.append(message)
            del recent[:-10]
            await hub.publish("chat", [message])


StaticFiles("static").mount(app)

if __name__ == "__main__":
    app.run()
