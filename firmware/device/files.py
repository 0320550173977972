"""The board's files.

The root is the directory the board boots in: `/`, unless boot.py changed it.
"""

import os

ROOT = os.getcwd().rstrip("/") + "/"


def path(name: str) -> str:
    """The absolute path of `name` in the root: the application may change the directory later."""
    return ROOT + name


def _kind(name):
    try:
        return os.stat(path(name))[0] & 0xF000
    except OSError:
        return 0


def is_file(name: str) -> bool:
    """Whether the root holds a file of that name."""
    return _kind(name) == 0x8000


def is_folder(name: str) -> bool:
    """Whether the root holds a folder of that name."""
    return _kind(name) == 0x4000


def read(name: str, mode: str = "r") -> "str | bytes":
    """What a file holds, as text or (mode "rb") as bytes. Raises OSError when there is none."""
    with open(path(name), mode) as file:
        return file.read()


def write(name: str, text: str) -> None:
    """Writes a file so that a power cut leaves the old or the new text, never a part.

    The text goes to a temporary file, which then takes the name: a rename is one step on littlefs.
    Raises OSError when the file system is full or cannot be written.
    """
    with open(path(name) + ".tmp", "w") as file:
        file.write(text)
    rename(name + ".tmp", name)


def rename(old: str, new: str) -> None:
    """Gives a file another name; a file that has it already is replaced. Raises OSError."""
    os.rename(path(old), path(new))


def remove(name: str) -> None:
    """Removes a file if it is there."""
    if is_file(name):
        os.remove(path(name))
