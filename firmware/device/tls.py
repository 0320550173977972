"""The board's own certificate and key."""

from . import files, log

CERTIFICATE = "cert.der"
KEY = "key.der"


def load() -> tuple:
    """Returns (context, "on") for a server with the files on the board, or (None, why not)."""
    if not files.is_file(CERTIFICATE) or not files.is_file(KEY):
        return None, f"off: no /{CERTIFICATE} and /{KEY} on the board"
    try:
        import tls

        context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.read(CERTIFICATE, "rb"), files.read(KEY, "rb"))
    except ImportError:
        return None, "off: this image has no TLS"
    except (OSError, ValueError) as error:
        log.line(f"HTTPS is off: /{CERTIFICATE} and /{KEY} cannot be used: {error}")
        return None, f"off: /{CERTIFICATE} and /{KEY} cannot be used"
    return context, "on"
