"""Safe mode: an application that keeps the board from serving is skipped.

A boot counts as failed until the application has served for a while. The count is a small file,
written before the application starts and removed once it serves: on littlefs two entries in a
metadata log, far less than an erase. Memory that survives a reset would not do: on the chips
that have it, it is the application's own, and a hung board gets a power cycle, which empties it.
"""

from . import files, log

MARKER = "safe"  # a file of this name in the root asks for safe mode
COUNTER = ".boots"
LIMIT = 3  # failed boots in a row


def reason() -> str | None:
    """Why the application is to be skipped at this boot, or None.

    The marker stays for the user to remove; the count starts again at the next boot.
    """
    if files.is_file(MARKER):
        return "the file /safe is on the board; remove it and reset to run the application"
    if _failed() < LIMIT:
        return None
    passed()
    return (
        f"{LIMIT} boots in a row ended before the application served; "
        "repair it, or reset to run it again"
    )


def attempt() -> None:
    """Counts this boot as failed, until `passed` is called."""
    count = str(_failed() + 1)
    try:
        with open(files.path(COUNTER), "w") as file:
            file.write(count)
    except OSError as error:
        log.line(f"boots cannot be counted for safe mode: {error}")


def passed() -> None:
    """This boot did not fail: forgets the count."""
    try:
        files.remove(COUNTER)
    except OSError as error:
        log.line(f"/{COUNTER} cannot be removed: {error}")


def _failed():
    try:
        return int(files.read(COUNTER))
    except (OSError, ValueError):
        return 0
