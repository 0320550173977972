"""The board's settings, in `/settings.json`.

Secrets have no place here: they are files of their own.
"""

import json

from . import files

FILE = "settings.json"

# The settings that exist, with their defaults.
DEFAULTS = {
    "hostname": None,  # None: the board's name and the last four hex digits of its unique id
    "listen": "0.0.0.0",  # the address the servers bind to
    "http_port": 80,  # None: no HTTP
    "https_port": 443,  # None: no HTTPS
}


def load() -> tuple:
    """Returns (settings, warnings): what the file says, or the default where it does not.

    A file that is not a JSON object is kept as `settings.json.bad` and the defaults hold.
    """
    stored, warnings = _read()
    values = DEFAULTS.copy()
    for name, value in stored.items():
        if name not in DEFAULTS:
            warnings.append(f"settings.json: '{name}' is not a setting")
        elif _is_valid(name, value):
            values[name] = value
        else:
            warnings.append(f"settings.json: '{name}' has no usable value, the default holds")
    return values, warnings


def save(changes: dict) -> None:
    """Writes some settings and leaves the others as they are; they hold from the next boot on.

    Raises ValueError for a setting that does not exist or a value that does not fit it, OSError
    when the file cannot be written: the old file is then as it was.
    """
    for name, value in changes.items():
        if name not in DEFAULTS or not _is_valid(name, value):
            raise ValueError(f"not a setting, or not a value for it: {name}")
    stored, _ = _read()
    stored.update(changes)
    files.write(FILE, json.dumps(stored))


def _read():
    """Returns (what the file holds, warnings)."""
    if not files.is_file(FILE):
        return {}, []
    try:
        stored = json.loads(files.read(FILE))
        if not isinstance(stored, dict):
            raise ValueError
    except ValueError:
        files.rename(FILE, FILE + ".bad")
        return {}, ["settings.json was damaged: kept as settings.json.bad, the defaults hold"]
    return stored, []


def _is_valid(name, value):
    if name == "hostname":
        return value is None or _is_hostname(value)
    if name == "listen":
        return isinstance(value, str) and value != ""
    return value is None or (type(value) is int and 0 < value < 65536)


def _is_hostname(value):
    """Letters, digits, inner hyphens (RFC 1123 section 2.1); MicroPython takes 32 of them."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 32
        and value[0] != "-"
        and value[-1] != "-"
        and all(c == "-" or "a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" for c in value)
    )
