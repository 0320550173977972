import os
import socket

import pytest

from hil.errors import PortTaken
from hil.tcpports import listener, require_free


@pytest.fixture
def busy():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    require_free(port, "HTTP_PORT")


def test_a_port_that_is_taken_says_by_whom_and_what_to_do(busy):
    with pytest.raises(PortTaken) as caught:
        require_free(busy, "HTTP_PORT")
    message = caught.value.message
    assert message.startswith(f"port {busy} is taken by ")
    assert message.endswith("choose another port with HTTP_PORT=")
    if os.path.exists("/proc/net/tcp"):
        assert f"(process {os.getpid()})" in message


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="needs Linux's /proc")
def test_the_owner_of_a_port(busy):
    assert listener(busy).endswith(f"(process {os.getpid()})")


def test_a_port_nobody_listens_on():
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))
        assert listener(unbound.getsockname()[1]) is None
