"""Tokens and their signatures, against the RFCs' vectors, PyJWT and MicroPython."""

import base64
import hashlib
import hmac

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microdot import signing
from microdot.signing import Signer, b64url_decode, b64url_encode, compare_digest

from .unix_port import run_unix

KEY = "0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000


@pytest.fixture
def clock(monkeypatch):
    """Set the clock: a function that takes the seconds since 1970."""

    def set_clock(seconds):
        monkeypatch.setattr(signing.time, "time", lambda: seconds)

    set_clock(NOW)
    return set_clock


# RFC 4231 section 4: test cases 1, 2, 6 and 7.
@pytest.mark.parametrize(
    ("key", "message", "mac"),
    [
        (b"\x0b" * 20, b"Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        (b"\xaa" * 131, b"This is a test using a larger than block-size key and a larger than "
         b"block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ],
)  # fmt: skip
def test_mac_of_the_rfc(key, message, mac):
    assert Signer(key).mac(message).hex() == mac


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=300))
@settings(deadline=None)
def test_mac_is_that_of_the_standard_library(key, message):
    assert Signer(key).mac(message) == hmac.new(key, message, hashlib.sha256).digest()


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_base64url(data):
    encoded = b64url_encode(data)
    assert encoded == base64.urlsafe_b64encode(data).rstrip(b"=")
    assert b64url_decode(encoded) == data


@given(st.binary(max_size=40), st.binary(max_size=40))
@settings(deadline=None)
def test_compare_digest(a, b):
    assert compare_digest(a, b) == (a == b)
    assert compare_digest(a, a)


def test_token_of_the_rfc(clock):
    """RFC 7515 appendix A.1: another order and spaces in the header."""
    key = b64url_decode(
        b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    )
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    assert Signer(key).verify(token) is None  # expired in 2011
    clock(0)
    assert Signer(key).verify(token)["iss"] == "joe"


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.none() | st.booleans()))
@settings(deadline=None)
def test_pyjwt_agrees(payload):
    payload.pop("exp", None)
    token = Signer(KEY).sign(payload)
    options = {"verify_sub": False, "verify_jti": False, "verify_iat": False, "verify_nbf": False,
               "verify_aud": False, "verify_iss": False}  # fmt: skip
    assert jwt.decode(token, KEY, algorithms=["HS256"], options=options) == payload
    theirs = jwt.encode(payload, KEY, algorithm="HS256")
    assert Signer(KEY).verify(theirs) == payload


def test_changed_tokens_are_refused():
    token = Signer(KEY).sign({"user": 1})
    header, body, signature = token.split(".")
    none = b64url_encode(b'{"alg":"none"}').decode()
    other = b64url_encode(b'{"user":2}').decode()
    for forged in (
        "", ".", "..", "a.b", token[:-1], token + "A", header + "." + other + "." + signature,
        none + "." + body + ".", none + "." + body + "." + signature, body + "." + signature,
        header + "." + body + ".", "é" + token, header + ".." + signature,
    ):  # fmt: skip
        assert Signer(KEY).verify(forged) is None, forged
    assert Signer(KEY + "x").verify(token) is None
    assert Signer(KEY).verify(token) == {"user": 1}


@pytest.mark.parametrize("body", [b"[1]", b"1", b"null", b"not JSON", b"\xff", b'{"exp":"x"}'])
def test_signed_but_no_payload(body):
    message = b64url_encode(b'{"alg":"HS256"}') + b"." + b64url_encode(body)
    token = message + b"." + b64url_encode(Signer(KEY).mac(message))
    assert Signer(KEY).verify(token.decode()) is None


@pytest.mark.parametrize("header", [b'{"alg":"none"}', b'{"alg":"HS512"}', b"{}", b"[]", b"?"])
def test_signed_with_another_algorithm_says_the_header(header):
    message = b64url_encode(header) + b"." + b64url_encode(b"{}")
    token = message + b"." + b64url_encode(Signer(KEY).mac(message))
    assert Signer(KEY).verify(token.decode()) is None


def test_a_key_is_needed():
    with pytest.raises(ValueError, match="not configured"):
        Signer("")


def test_expiry(clock):
    signer = Signer(KEY)
    token = signer.sign({}, max_age=60)
    assert signer.verify(token, True) == {"exp": NOW + 60}
    clock(NOW + 59)
    assert signer.verify(token) is not None
    clock(NOW + 60)
    assert signer.verify(token) is None
    clock(1000)  # a device that was switched off: nobody knows the time
    assert signer.verify(token) is not None


def test_what_never_expires_is_refused_on_request(clock):
    signer = Signer(KEY)
    token = signer.sign({})
    assert signer.verify(token) == {}
    assert signer.verify(token, expires=True) is None
    clock(0)
    assert signer.sign({}, max_age=60) == token  # without a clock there is no end to name
    assert signer.verify(token, expires=True) == {}


def test_micropython_and_cpython_accept_each_other():
    payload = {"user": "zoë €", "list": [1, 2.5, None, True], "n": {"a": -7}}
    ours = Signer(KEY).sign(payload)
    theirs, read = run_unix(
        "from microdot.signing import Signer\n"
        f"signer = Signer({KEY!r})\n"
        f"print(signer.sign({payload!r}))\n"
        f"print(signer.verify({ours!r}) == {payload!r})\n"
    ).split()
    assert read == "True"
    assert Signer(KEY).verify(theirs) == payload
    assert jwt.decode(theirs, KEY, algorithms=["HS256"]) == payload
