"""Topics, subscribers, and what happens to those that are too slow."""

import asyncio

import pytest

from microdot.pubsub import PubSub, SlowSubscriber


class Client:
    """Stands for a WebSocket or an SSE."""

    def __init__(self, gate=None):
        self.sent = []
        self.closed = None
        self.gate = gate

    async def send(self, data, event=None):
        if self.gate is not None:
            await self.gate.wait()
        self.sent.append(data if event is None else (event, data))

    async def close(self, code, reason):
        self.closed = (code, reason)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 5))


def test_subscribers_get_their_topics():
    async def main():
        hub = PubSub()
        both = await hub.subscribe("a", "b")
        only = await hub.subscribe("b")
        await hub.publish("a", 1)
        await hub.publish("b", {"x": 2})
        await hub.publish("c", 3)
        assert await both.get() == ("a", 1)
        assert await both.get() == ("b", {"x": 2})
        assert await only.get() == ("b", {"x": 2})

    run(main())


def test_waiting_subscriber():
    async def main():
        hub = PubSub()
        subscription = await hub.subscribe("a")
        waiting = asyncio.create_task(subscription.get())
        await asyncio.sleep(0)
        await hub.publish("a", "now")
        assert await waiting == ("a", "now")

    run(main())


def test_closed_subscription_leaves_nothing_behind():
    async def main():
        hub = PubSub()
        first, second = await hub.subscribe("a"), await hub.subscribe("a", "b")
        await second.close()
        await second.close()
        await hub.publish("a", 1)
        assert await first.get() == ("a", 1)
        await first.close()
        assert not hub._topics

    run(main())


def test_slow_subscriber_is_dropped():
    async def main():
        hub = PubSub(max_queue=2)
        slow, quick = await hub.subscribe("a"), await hub.subscribe("a")
        for number in range(5):
            await hub.publish("a", number)
            assert await quick.get() == ("a", number)
        for _ in range(2):
            with pytest.raises(SlowSubscriber):
                await slow.get()
        assert hub._topics["a"] == [quick]
        await slow.close()

    run(main())


def test_forward_sends_json_text_and_bytes():
    async def main():
        hub = PubSub()
        client = Client()
        task = asyncio.create_task(hub.forward(client, "a"))
        await asyncio.sleep(0)
        for message in ("text", b"bytes", {"a": 1}, [1], 5):
            await hub.publish("a", message)
        while len(client.sent) < 5:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert client.sent == ["text", b"bytes", '{"a": 1}', "[1]", "5"]
        assert not hub._topics

    run(main())


def test_forward_with_the_name_of_the_topic():
    async def main():
        hub = PubSub()
        client = Client()
        task = asyncio.create_task(hub.forward(client, "a", named=True))
        await asyncio.sleep(0)
        await hub.publish("a", {"x": 1})
        while not client.sent:
            await asyncio.sleep(0)
        assert client.sent == [("a", {"x": 1})]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(main())


def test_slow_client_is_closed():
    async def main():
        hub = PubSub(max_queue=2)
        client = Client(gate=asyncio.Event())
        task = asyncio.create_task(hub.forward(client, "a"))
        await asyncio.sleep(0)
        for _ in range(5):
            await hub.publish("a", "x")
            await asyncio.sleep(0)
        client.gate.set()
        await task
        assert client.closed == (1013, "too slow")
        assert len(client.sent) == 1

    run(main())


def test_lost_client_ends_forwarding():
    class Lost(Client):
        async def send(self, data, event=None):
            raise OSError("gone")

    async def main():
        hub = PubSub()
        task = asyncio.create_task(hub.forward(Lost(), "a"))
        await asyncio.sleep(0)
        await hub.publish("a", "x")
        await task
        assert not hub._topics

    run(main())


def test_forwarding_while_a_block_runs():
    async def main():
        hub = PubSub()
        client = Client()
        async with hub.forwarding(client, "a"):
            await hub.publish("a", "own words")  # is subscribed already
            while not client.sent:
                await asyncio.sleep(0)
        await hub.publish("a", "too late")
        assert client.sent == ["own words"]
        assert not hub._topics

    run(main())


def test_failing_broker_leaves_nothing_behind():
    class Broker:
        def start(self, hub):
            self.hub = hub

        async def subscribe(self, topic):
            raise ConnectionError

        async def unsubscribe(self, topic):
            pass

    async def main():
        hub = PubSub(Broker())
        with pytest.raises(OSError):
            await hub.subscribe("a")
        assert not hub._topics

    run(main())
