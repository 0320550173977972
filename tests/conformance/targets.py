"""What the conformance tests run against: servers on this machine, and boards."""

import contextlib
import datetime
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from .client import Connection

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = Path(__file__).with_name("app.py")
MICROPYTHON = ROOT / "build/unix/micropython"
_START_TIMEOUT = 20.0  # seconds


@dataclass
class Target:
    """A server that runs the conformance application.

    Capabilities: `tls`; `reset` (it can end a connection with a reset); `process` (it is a
    process of this machine that may be shut down); `threads` (plain handlers may block).
    """

    name: str
    host: str
    port: int
    tls_port: int | None = None
    capabilities: frozenset[str] = frozenset()
    #: largest body that is worth its time on the way to the target
    max_body: int = 64 * 1024
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def connect(self) -> Connection:
        return Connection(self.host, self.port)

    def connect_tls(self) -> Connection:
        assert self.tls_port is not None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return Connection(self.host, self.tls_port, context)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_certificate(folder: Path, encoding: Encoding) -> tuple[Path, Path]:
    """Make a P-256 key and a certificate for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate", folder / "key"
    paths[0].write_bytes(certificate.public_bytes(encoding))
    paths[1].write_bytes(
        key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return paths


@contextlib.contextmanager
def local(name: str, folder: Path, application: Path) -> Iterator[Target]:
    """Run an application on this machine, under `cpython` or `micropython`."""
    if name == "cpython":
        command = [sys.executable, "-X", "dev"]
        capabilities = {"tls", "reset", "process", "threads"}
        certificate, key = make_certificate(folder, Encoding.PEM)
    else:
        command = [str(MICROPYTHON), "-X", "heapsize=1M"]
        capabilities = {"tls", "reset", "process"}
        certificate, key = make_certificate(folder, Encoding.DER)
    port, tls_port = free_port(), free_port()
    log = folder / f"{name}-{port}.log"
    arguments = [str(application), str(port), str(tls_port), str(certificate), str(key)]
    environment = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "MICROPYPATH": f"{ROOT}:.frozen",
    }
    with log.open("wb") as output:  # a pipe that nobody reads would stop the server in the end
        process = subprocess.Popen(
            command + arguments, stdout=output, stderr=output, env=environment
        )
    try:
        end = time.monotonic() + _START_TIMEOUT
        while b"serving\n" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()}")
            time.sleep(0.01)
        yield Target(
            name, "127.0.0.1", port, tls_port, frozenset(capabilities), log=log, process=process
        )
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def board(name: str, folder: Path, application: Path) -> Iterator[Target]:
    """Boot an emulated board with an application on its flash.

    :param name: of the board; `qemu-HEAP192K` is its variant.
    """
    from hil.emulators import Setup, boot

    image = ROOT / "build" / name / "firmware.elf"

    certificate, key = make_certificate(folder, Encoding.DER)
    files = {"/app.py": application, "/cert.der": certificate, "/key.der": key}
    kind = name.partition("-")[0]
    with boot(ROOT, kind, Setup(folder=folder), files=files, image=image) as running:
        yield Target(
            name,
            running.host,
            running.http_port,
            running.https_port,
            frozenset({"tls"}),
            max_body=16 * 1024,
        )


def start(
    name: str, folder: Path, application: Path = APPLICATION
) -> contextlib.AbstractContextManager[Target]:
    """Start a target by its name."""
    return (local if name in LOCAL else board)(name, folder, application)


LOCAL = ("cpython", "micropython")
