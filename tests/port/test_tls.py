"""TLS by the ssl module, as a server for this machine and as a client of the board itself."""

import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from hil.emulators import EmulatedBoard
from hil.rawrepl import RawRepl

HANDLER = """
import asyncio, network, ssl, time
lan = network.LAN()
lan.active(True)
while not lan.isconnected(): time.sleep_ms(5)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/cert.pem", "/key.pem")
async def serve(reader, writer):
    data = await reader.read(100)
    writer.write(b"secret " + data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30"
        " -subj /CN=board.test -addext subjectAltName=DNS:board.test"
        " -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=30)
    return folder


@pytest.fixture(scope="module")
def keyed(board: EmulatedBoard, certificate: Path) -> EmulatedBoard:
    """A board with a certificate and a key in its files.

    Its clock may be a second behind: the certificate must be valid there, too.
    """
    board.put({f"/{name}": certificate / name for name in ("cert.pem", "key.pem")})
    board.exec(f"import time\nwhile time.time() <= {int(time.time())}: time.sleep_ms(20)")
    return board


def test_a_client_of_this_machine(keyed: EmulatedBoard, certificate: Path) -> None:
    code = HANDLER + (
        "async def main():\n await asyncio.start_server(serve, '0.0.0.0', 443, ssl=context)\n"
        " print('listens')\n await asyncio.sleep(1000)\nasyncio.run(main())"
    )
    with RawRepl(keyed.console) as repl:
        repl.launch(code)
    keyed.console.expect(r"listens\r\n", 5)
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    assert keyed.https_port is not None
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", keyed.https_port), 10) as plain,
            context.wrap_socket(plain, server_hostname="board.test") as tls,
        ):
            tls.sendall(b"hello")
            assert tls.recv(100) == b"secret hello"
            assert tls.version() == "TLSv1.2"
    keyed.console.soft_reset()
    keyed.console.interrupt()


@pytest.mark.parametrize(
    ("name", "expected"), [("board.test", "b'secret hello'"), ("other.test", "refused")]
)
def test_a_client_on_the_board_verifies(keyed: EmulatedBoard, name: str, expected: str) -> None:
    code = HANDLER + (
        f"async def main():\n"
        f" server = await asyncio.start_server(serve, '127.0.0.1', 444, ssl=context)\n"
        f" client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
        f" client.verify_mode = ssl.CERT_REQUIRED\n"
        f" client.load_verify_locations(cafile='/cert.pem')\n"
        f" try:\n"
        f"  r, w = await asyncio.open_connection('127.0.0.1', 444, ssl=client,"
        f" server_hostname='{name}')\n"
        f"  w.write(b'hello')\n  await w.drain()\n  print(await r.read(100))\n"
        f" except (OSError, ValueError):\n  print('refused')\n"
        f" server.close()\n await server.wait_closed()\n"
        f"asyncio.run(main())"
    )
    assert expected in keyed.exec(code, timeout=20).splitlines()


def test_the_older_interface_and_the_constants(keyed: EmulatedBoard) -> None:
    code = (
        "import ssl\nprint(ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED)\n"
        "print(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).verify_mode == ssl.CERT_NONE)\n"
        "print(callable(ssl.wrap_socket), len(ssl.SSLContext(0).get_ciphers()) > 3)\n"
    )
    assert keyed.exec(code) == "0 1 2\nTrue\nTrue True\n"
