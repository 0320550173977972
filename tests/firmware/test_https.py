"""HTTPS with the board's own certificate, or with the application's TLS context."""

import base64
import contextlib
import http.client
import json
import ssl

import pytest

# A self-signed certificate for the name "board" and its key, made for these tests.
CERTIFICATE = base64.b64decode("""
MIIBdzCCAR2gAwIBAgIUZ6awDh11fhDAqFdSV9qWxw0vO5swCgYIKoZIzj0EAwIwEDEOMAwGA1UEAwwFYm9hcmQwIB
cNMjYxMTIxMDIyNTU4WhgPMjEyNjEwMjgwMjI1NThaMBAxDjAMBgNVBAMMBWJvYXJkMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEcUTys+Vw16aaWFPkNCZxj/3XhJjNxEyRuJ1oJ+Igs/6rL5TeyEArp/aSfOnOz0vi/v9YXkGiywl8fk
OvLHUDbKNTMFEwHQYDVR0OBBYEFHtnN3YPKAaolaM52W+4lC76SUsyMB8GA1UdIwQYMBaAFHtnN3YPKAaolaM52W+4
lC76SUsyMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgf1q7Jskipnz07YUqt2H1moYJrc68Myo7s2
xzhm+4TkwCIQCnf93IURAh1G119ucZGu5VdgCq36Uonq3Uv8Jb1SNYjQ==
""")
KEY = base64.b64decode("""
MHcCAQEEIM3wS+fImQld3JxwKPLLY9ZdfKFtmTKvCkdc8zX8T3JfoAoGCCqGSM49AwEHoUQDQgAEcUTys+Vw16aaWF
PkNCZxj/3XhJjNxEyRuJ1oJ+Igs/6rL5TeyEArp/aSfOnOz0vi/v9YXkGiywl8fkOvLHUDbA==
""")


@pytest.fixture
def https_port(board, free_port):
    board.settings(https_port=free_port)
    return free_port


def https_status(port):
    context = ssl.create_default_context(cadata=CERTIFICATE)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    with contextlib.closing(connection):
        connection.request("GET", "/_device/status")
        return json.loads(connection.getresponse().read())


def test_certificate_and_key_on_the_board(board, https_port):
    board.write("cert.der", CERTIFICATE)
    board.write("key.der", KEY)
    board.boot()
    assert https_status(https_port)["https"] == "on"
    assert board.status()["https"] == "on"


def test_https_alone(board, https_port):
    board.settings(https_port=https_port, http_port=None)
    board.write("cert.der", CERTIFICATE)
    board.write("key.der", KEY)
    board.boot(until=f"READY https://127.0.0.1:{https_port} board=qemu")
    assert https_status(https_port)["https"] == "on"
    with pytest.raises(ConnectionRefusedError):
        board.status()


def test_https_switched_off(board):
    board.settings(https_port=None)
    board.write("cert.der", CERTIFICATE)
    board.write("key.der", KEY)
    board.boot()
    assert board.status()["https"] == "off: settings.json says so"


@pytest.mark.parametrize("content", [b"", b"damaged", CERTIFICATE[:-1]])
def test_unusable_certificate_is_said_and_http_goes_on(board, https_port, content):
    board.write("cert.der", content)
    board.write("key.der", KEY)
    output = board.boot()
    assert "device: HTTPS is off: /cert.der and /key.der cannot be used" in output
    assert board.status()["https"] == "off: /cert.der and /key.der cannot be used"


def test_key_of_another_certificate_never_shows(board, https_port):
    board.write("cert.der", CERTIFICATE)
    board.write("key.der", "s3cret")
    assert "s3cret" not in board.boot()
    assert "s3cret" not in board.get("/_device/status").text


def test_context_that_the_application_hands_over(board, https_port):
    board.write("own.crt", CERTIFICATE)
    board.write("own.key", KEY)
    board.write(
        "app.py",
        """
import tls
from microdot import Microdot

app = Microdot()
context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
context.load_cert_chain(open("own.crt", "rb").read(), open("own.key", "rb").read())
app.run(port=443, ssl=context)
""",
    )
    board.boot()
    assert https_status(https_port)["application"] == "/app.py"
    assert board.status()["https"] == "on"
