"""Publish and subscribe: messages under topics, fanned out to WebSocket and SSE clients.

Example::

    hub = PubSub()

    @app.get("/news")
    @with_sse
    async def news(request, sse):
        await hub.forward(sse, "news")

    @app.route("/chat")
    @with_websocket
    async def chat(request, ws):
        async with hub.forwarding(ws, "chat"):
            while True:
                await hub.publish("chat", await ws.receive())

Messages are text, bytes, or what JSON can express. Each subscriber has a queue; one that does
not keep up is dropped, so that it costs neither memory nor the others their time.

Topics live in the memory of one process. With a broker they reach the subscribers of all
processes: see `microdot.redis_broker`.
"""

import asyncio

from .compat import json_dumps, print_exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Broker(Protocol):
        """Carries messages between processes."""

        def start(self, hub: "PubSub") -> None:
            """Get to know the hub, to whose `deliver` what arrives is given."""

        async def subscribe(self, topic: str) -> None:
            """Receive a topic from now on; it may be received already."""

        async def unsubscribe(self, topic: str) -> None:
            """Receive a topic no longer."""

        async def publish(self, topic: str, message: Any) -> None:
            """Send a message to all processes, this one included."""


class SlowSubscriber(Exception):
    """A subscriber was dropped because its queue was full."""


class Subscription:
    """The messages of some topics, from the moment it was made until `close()`.

    :param hub: where it subscribes.
    :param topics: names of topics.
    :param max_queue: messages that may wait.
    """

    def __init__(self, hub: "PubSub", topics: "tuple[str, ...]", max_queue: int) -> None:
        self.topics = topics
        self._hub = hub
        self._max_queue = max_queue
        self._queue: list[tuple[str, Any]] = []
        self._event = asyncio.Event()
        self._dropped = False

    def _put(self, topic: str, message: "Any") -> bool:
        """Take a message in.

        :returns: False if it was one too many.
        """
        if len(self._queue) >= self._max_queue:
            self._dropped = True
            self._queue.clear()
        else:
            self._queue.append((topic, message))
        self._event.set()
        return not self._dropped

    async def get(self) -> "tuple[str, Any]":
        """Wait for the next message.

        :returns: its topic and the message.
        :raises SlowSubscriber: if it was dropped.
        """
        while not self._queue:
            if self._dropped:
                raise SlowSubscriber
            self._event.clear()
            await self._event.wait()
        return self._queue.pop(0)

    async def close(self) -> None:
        """Subscribe no longer."""
        await self._hub._remove(self)


class PubSub:
    """A hub: who publishes a message, and who gets it, need not know each other.

    :param broker: carries messages between processes; None to stay in this one.
    :param max_queue: messages that may wait for a subscriber before it is dropped.
    """

    def __init__(self, broker: "Broker | None" = None, max_queue: int = 16) -> None:
        self._topics: dict[str, list[Subscription]] = {}
        self._broker = broker
        self._max_queue = max_queue
        if broker is not None:
            broker.start(self)

    async def publish(self, topic: str, message: "Any") -> None:
        """Send a message to all subscribers of a topic; it waits for none of them.

        :raises OSError: if the broker cannot be reached.
        """
        if self._broker is not None:
            await self._broker.publish(topic, message)
        else:
            self.deliver(topic, message)

    def deliver(self, topic: str, message: "Any") -> None:
        """Give a message to the subscribers of this process."""
        for subscription in list(self._topics.get(topic, ())):
            if not subscription._put(topic, message):
                self._topics[topic].remove(subscription)

    async def subscribe(self, *topics: str) -> Subscription:
        """Subscribe to topics; call `close()` of what is returned in the end.

        :raises OSError: if the broker cannot be reached.
        """
        subscription = Subscription(self, topics, self._max_queue)
        try:
            for topic in topics:
                self._topics.setdefault(topic, []).append(subscription)
                if self._broker is not None:
                    await self._broker.subscribe(topic)
        except BaseException:
            await self._remove(subscription)
            raise
        return subscription

    async def _remove(self, subscription: Subscription) -> None:
        for topic in subscription.topics:
            subscribers = self._topics.get(topic)
            if subscribers is None:
                continue
            if subscription in subscribers:
                subscribers.remove(subscription)
            if not subscribers:
                del self._topics[topic]
                if self._broker is not None:
                    await self._broker.unsubscribe(topic)

    async def forward(self, client: "Any", *topics: str, named: bool = False) -> None:
        """Send all messages of topics to a client, until it is gone or too slow.

        :param client: a `WebSocket` or an `SSE`. A WebSocket's handler has to receive at the
                       same time, or it does not notice that the client is gone: use
                       `forwarding` there.
        :param topics: names of topics.
        :param named: name the events after their topics (SSE).
        """
        await _forward(await self.subscribe(*topics), client, named)

    def forwarding(self, client: "Any", *topics: str) -> "_Forwarding":
        """Forward messages while the body of an `async with` runs; see `forward`."""
        return _Forwarding(self, client, topics)


async def _forward(subscription: Subscription, client: "Any", named: bool = False) -> None:
    try:
        while True:
            topic, message = await subscription.get()
            if named:
                await client.send(message, event=topic)
            elif isinstance(message, (str, bytes)):
                await client.send(message)
            else:
                await client.send(json_dumps(message))
    except SlowSubscriber:
        await client.close(1013, "too slow")
    except OSError:
        pass  # the client is gone
    finally:
        await subscription.close()


class _Forwarding:
    """Forwards messages next to what else a handler does."""

    def __init__(self, hub: PubSub, client: "Any", topics: "tuple[str, ...]") -> None:
        self._hub = hub
        self._client = client
        self._topics = topics

    async def __aenter__(self) -> None:
        subscription = await self._hub.subscribe(*self._topics)
        self._task: Any = asyncio.create_task(_forward(subscription, self._client))

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()
        try:
            await self._task
        except asyncio.CancelledError:
            pass
        except Exception as error:
            print_exception(error)
