"""The key and certificate that a board is given."""

import ssl

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hil.certificate import VALIDITY, make_identity


def test_the_certificate_is_for_its_hosts_and_its_key():
    identity = make_identity(("board.local", "localhost"), ("127.0.0.1",))
    certificate = x509.load_der_x509_certificate(identity.certificate)
    hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["board.local", "localhost"]
    assert [str(a) for a in hosts.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    key = serialization.load_der_private_key(identity.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == certificate.public_key()
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lifetime >= VALIDITY


def test_each_board_has_a_key_of_its_own():
    first, second = make_identity(("a",)), make_identity(("a",))
    assert first.key != second.key
    assert ssl.PEM_cert_to_DER_cert(first.pem.decode()) == first.certificate
