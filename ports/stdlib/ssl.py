"""TLS for sockets, as CPython's module ssl: the part that MicroPython's applications use.

Over the built-in module tls. A handshake that fails is an OSError with mbedtls' code and text; a
certificate that is not accepted is a ValueError.
"""

import tls
from tls import (  # noqa: F401 - applications take the constants from here
    CERT_NONE,
    CERT_OPTIONAL,
    CERT_REQUIRED,
    MBEDTLS_VERSION,
    PROTOCOL_DTLS_CLIENT,
    PROTOCOL_DTLS_SERVER,
    PROTOCOL_TLS_CLIENT,
    PROTOCOL_TLS_SERVER,
)


def _content(source: str | bytes) -> bytes:
    """A certificate or key: bytes as they are, of a string the file of that name."""
    if isinstance(source, str):
        with open(source, "rb") as file:
            return file.read()
    return source


class SSLContext:
    """Certificates, keys and rules that connections share.

    :param protocol: PROTOCOL_TLS_CLIENT, PROTOCOL_TLS_SERVER or one of PROTOCOL_DTLS_*.

    Unlike CPython's, a client's context verifies nothing until `verify_mode` is set to
    CERT_REQUIRED, because boards have no store of certificate authorities.
    """

    def __init__(self, protocol: int) -> None:
        self._context = tls.SSLContext(protocol)
        self._context.verify_mode = CERT_NONE

    @property
    def verify_mode(self) -> int:
        """One of CERT_*: what is asked of the other side's certificate."""
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode: int) -> None:
        self._context.verify_mode = mode

    def load_cert_chain(self, certfile: str | bytes, keyfile: str | bytes | None = None) -> None:
        """Sets this side's certificate and private key.

        :param certfile: name of a PEM or DER file, or its content; a PEM file can hold a chain.
        :param keyfile: the same for the key. Default: the key is in certfile as well.
        """
        certificate = _content(certfile)
        key = certificate if keyfile is None else _content(keyfile)
        self._context.load_cert_chain(certificate, key)

    def load_verify_locations(
        self, cafile: str | None = None, cadata: str | bytes | None = None
    ) -> None:
        """Sets the authorities that the other side's certificate is verified against.

        :param cafile: name of a PEM or DER file.
        :param cadata: such a file's content.
        """
        self._context.load_verify_locations(_content(cafile) if cafile is not None else cadata)

    def get_ciphers(self) -> list[str]:
        """Names of the cipher suites that can be used."""
        return self._context.get_ciphers()

    def set_ciphers(self, ciphers: list[str]) -> None:
        """Allows these cipher suites only."""
        self._context.set_ciphers(ciphers)

    def wrap_socket(
        self,
        sock: object,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        server_hostname: str | None = None,
    ) -> object:
        """Puts TLS on a connected socket.

        :param sock: the socket, or any stream.
        :param server_side: answer the handshake instead of beginning it.
        :param do_handshake_on_connect: now; else with the first data that is read or written.
        :param server_hostname: name to ask for, and to look for in the certificate.
        """
        return self._context.wrap_socket(
            sock,
            server_side=server_side,
            do_handshake_on_connect=do_handshake_on_connect,
            server_hostname=server_hostname,
        )


def wrap_socket(
    sock: object,
    server_side: bool = False,
    key: bytes | None = None,
    cert: bytes | None = None,
    cert_reqs: int = CERT_NONE,
    cadata: bytes | None = None,
    server_hostname: str | None = None,
    do_handshake: bool = True,
) -> object:
    """Puts TLS on a connected socket with a context of its own: MicroPython's older interface.

    :param key: private key, PEM or DER.
    :param cert: certificate, PEM or DER.
    :param cert_reqs: one of CERT_*.
    :param cadata: certificates of authorities, PEM or DER.
    """
    context = SSLContext(PROTOCOL_TLS_SERVER if server_side else PROTOCOL_TLS_CLIENT)
    if cert is not None or key is not None:
        context.load_cert_chain(cert, key)
    if cadata is not None:
        context.load_verify_locations(cadata=cadata)
    context.verify_mode = cert_reqs
    return context.wrap_socket(
        sock,
        server_side=server_side,
        do_handshake_on_connect=do_handshake,
        server_hostname=server_hostname,
    )
