"""Topics across processes, over a real Redis server that the tests start."""

import asyncio
import contextlib
import socket
import subprocess

import pytest

from microdot.pubsub import PubSub
from microdot.redis_broker import RedisBroker, decode, encode


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """A Redis server of its own, with nothing on disk."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.folder = folder
        self.process = None

    def start(self):
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise RuntimeError("redis-server did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@contextlib.asynccontextmanager
async def hubs(url, count=2):
    """Hubs that know of each other through Redis only, as in processes of their own."""
    brokers = [RedisBroker(url) for _ in range(count)]
    try:
        yield [PubSub(broker) for broker in brokers]
    finally:
        for broker in brokers:
            await broker.close()


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


@pytest.mark.parametrize("message", ["grüße", "", b"\x00\xff", {"a": [1, None]}, 5, None])
def test_coding(message):
    assert decode(encode(message)) == message


def test_messages_reach_every_hub(redis):
    async def main():
        async with hubs(redis.url, 3) as (one, two, three):
            subscriptions = [await hub.subscribe("news") for hub in (one, two)]
            messages = ["text", b"\x00\xff", {"a": 1}, ["ü"], 7]
            for message in messages:
                await three.publish("news", message)
            for subscription in subscriptions:
                assert [await subscription.get() for _ in messages] == [
                    ("news", message) for message in messages
                ]

    run(main())


def test_own_messages_arrive_once(redis):
    async def main():
        async with hubs(redis.url, 1) as (hub,):
            subscription = await hub.subscribe("a")
            await hub.publish("a", 1)
            await hub.publish("a", 2)
            assert await subscription.get() == ("a", 1)
            assert await subscription.get() == ("a", 2)

    run(main())


def test_topics_come_and_go(redis):
    async def main():
        async with hubs(redis.url) as (one, two):
            for round_ in range(3):
                first, second = await one.subscribe("a"), await one.subscribe("a", "b")
                await two.publish("b", round_)
                assert await second.get() == ("b", round_)
                await second.close()
                await two.publish("a", round_)
                assert await first.get() == ("a", round_)
                await first.close()
                assert not one._topics

    run(main())


def test_unreachable_server():
    async def main():
        async with hubs(f"redis://127.0.0.1:{free_port()}", 1) as (hub,):
            with pytest.raises(ConnectionError, match="Redis"):
                await hub.publish("a", 1)
            with pytest.raises(ConnectionError, match="Redis"):
                await hub.subscribe("a")

    run(main())


def test_server_that_comes_back(tmp_path):
    server = Redis(tmp_path)
    server.start()

    async def main():
        async with hubs(server.url) as (one, two):
            for hub in (one, two):
                hub._broker.reconnect_interval = 0.05
            subscription = await one.subscribe("a")
            server.stop()
            server.start()
            received = asyncio.create_task(subscription.get())
            while not received.done():  # what is published before it is back is lost
                with contextlib.suppress(ConnectionError):
                    await two.publish("a", "again")
                await asyncio.wait([received], timeout=0.05)
            assert received.result() == ("a", "again")

    try:
        run(main())
    finally:
        server.stop()
