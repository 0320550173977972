"""A broker for `pubsub` on CPython: topics reach the subscribers of all processes over Redis.

Example::

    broker = RedisBroker("redis://localhost:6379")
    hub = PubSub(broker)
    app.on_shutdown(broker.close)

It needs the package `redis`. Redis keeps no messages: what is published while a process has no
connection to it is lost for that process, which connects again by itself.
"""

import asyncio
import contextlib
import json
from typing import Any

from redis import asyncio as redis
from redis.exceptions import RedisError

from .pubsub import PubSub


class RedisBroker:
    """Carries messages over Redis's own publish and subscribe.

    :param url: where Redis is, as `redis.asyncio.from_url` takes it.
    :param prefix: put before topics to make names of channels.
    """

    #: Time between attempts to connect again, in seconds.
    reconnect_interval = 1.0
    #: Time to wait for Redis to confirm a subscription, in seconds.
    timeout = 5.0

    def __init__(self, url: str = "redis://localhost:6379", prefix: str = "microdot:") -> None:
        self._url = url
        self._prefix = prefix
        self._hub: PubSub | None = None
        self._client: Any = None
        self._channels: Any = None  # redis.asyncio.client.PubSub
        self._listener: asyncio.Task[None] | None = None
        self._confirmed: dict[bytes, asyncio.Event] = {}

    def start(self, hub: PubSub) -> None:
        """Give what arrives to a hub."""
        self._hub = hub

    def _connect(self) -> None:
        # Only now: a client belongs to the event loop in which it is used.
        if self._client is None:
            self._client = redis.from_url(self._url)
            self._channels = self._client.pubsub()

    async def publish(self, topic: str, message: Any) -> None:
        """Send a message to all processes, this one included.

        :raises ConnectionError: if Redis cannot be reached.
        """
        self._connect()
        try:
            await self._client.publish(self._prefix + topic, encode(message))
        except RedisError as exc:
            raise ConnectionError(f"cannot publish over Redis: {exc}") from exc

    async def subscribe(self, topic: str) -> None:
        """Receive a topic from now on.

        :raises ConnectionError: if Redis cannot be reached.
        """
        self._connect()
        channel = (self._prefix + topic).encode()
        confirmed = self._confirmed.setdefault(channel, asyncio.Event())
        if confirmed.is_set():
            return
        try:
            await self._channels.subscribe(channel)
            if self._listener is None or self._listener.done():
                self._listener = asyncio.create_task(self._listen())
            await asyncio.wait_for(confirmed.wait(), self.timeout)
        except (RedisError, TimeoutError) as exc:
            raise ConnectionError(f"cannot subscribe over Redis: {exc}") from exc

    async def unsubscribe(self, topic: str) -> None:
        """Receive a topic no longer."""
        channel = (self._prefix + topic).encode()
        self._confirmed.pop(channel, None)
        with contextlib.suppress(RedisError):  # without a connection it receives nothing anyway
            await self._channels.unsubscribe(channel)

    async def close(self) -> None:
        """End the connections."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        if self._client is not None:
            await self._channels.aclose()
            await self._client.aclose()
            self._client = None
        self._confirmed = {}

    async def _listen(self) -> None:
        """Give the hub what arrives; the client subscribes again after a lost connection."""
        while self._channels.subscribed:
            try:
                async for item in self._channels.listen():
                    self._handle(item)
            except RedisError:
                await asyncio.sleep(self.reconnect_interval)

    def _handle(self, item: dict[str, Any]) -> None:
        channel: bytes = item["channel"]
        if item["type"] == "subscribe" and channel in self._confirmed:
            self._confirmed[channel].set()
        elif item["type"] == "message" and self._hub is not None:
            self._hub.deliver(channel.decode()[len(self._prefix) :], decode(item["data"]))


def encode(message: Any) -> bytes:
    """Make bytes of a message; the first one tells its kind."""
    if isinstance(message, bytes):
        return b"b" + message
    if isinstance(message, str):
        return b"t" + message.encode()
    return b"j" + json.dumps(message).encode()


def decode(data: bytes) -> Any:
    """Undo `encode`."""
    kind, payload = data[:1], data[1:]
    if kind == b"b":
        return payload
    return payload.decode() if kind == b"t" else json.loads(payload)
