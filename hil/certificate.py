"""A board's key and certificate, made on this machine and kept on the board."""

import datetime
import ipaddress
from dataclasses import dataclass

from .errors import HilError

VALIDITY = datetime.timedelta(days=3650)  # nobody renews what is on a shelf in the cellar

# Where the firmware looks for them (firmware/device/tls.py).
CERTIFICATE_FILE = "/cert.der"
KEY_FILE = "/key.der"


@dataclass(frozen=True, slots=True)
class Identity:
    """A self-signed certificate and its key.

    :param certificate: X.509, DER.
    :param key: P-256, DER (SEC 1).
    :param pem: the certificate once more, for clients that are to trust it.
    """

    certificate: bytes
    key: bytes
    pem: bytes


def make_identity(names: tuple[str, ...], addresses: tuple[str, ...] = ()) -> Identity:
    """Makes a P-256 key and a self-signed certificate for it (RFC 5280).

    :param names: DNS names; the first is the subject's.
    :param addresses: IP addresses.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as error:
        raise HilError("HTTPS needs the Python package cryptography: pip install it") from error
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    hosts: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    hosts += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks differ: a board or a client a day behind must still accept it.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding
    return Identity(
        certificate=certificate.public_bytes(encoding.DER),
        key=key.private_bytes(
            encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ),
        pem=certificate.public_bytes(encoding.PEM),
    )
