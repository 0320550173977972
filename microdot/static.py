"""Static files: caching, ranges, compressed files, from a folder or out of a firmware image.

Example::

    StaticFiles("static", max_age=3600).mount(app, "/static")

Files can be carried in a firmware image. The build writes a module `static_files` for them and
freezes it; it holds one dictionary::

    FILES = {
        "static/index.html": (b"<!doctype html>...", "9f86d081884c7d65"),
        "static/app.js.gz": (b"\\x1f\\x8b...", "60303ae22b998861"),
    }

The keys are paths relative to the application's folder; the values are the file's content and
an entity tag, which is different for different content (16 hexadecimal digits of its SHA-256).
`StaticFiles("static")` serves the folder `static` where there is one, and otherwise the entries
of `static_files.FILES` that begin with `static/`, so that an application needs no change.
"""

import os
import time

from .app import HTTPException
from .compat import MICROPYTHON, http_date
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .app import Microdot
    from .request import Request

    class Source(Protocol):
        """Where files come from; names are relative paths that were checked."""

        def stat(self, name: str) -> "tuple[int, str | None, str | None] | None":
            """Return size, entity tag (without quotes) and date of a file, None if there is none.

            The size is -1 for a folder; tag and date are None if they are not known.
            """

        def open(self, name: str, start: int, size: int) -> Any:
            """Return part of a file as a body for a `Response`."""


# Found in RFC 6838's registry or the HTML Standard; a string costs no RAM in a frozen module.
_TYPES = """ avif:image/avif bin:application/octet-stream css:text/css csv:text/csv gif:image/gif
 htm:text/html html:text/html ico:image/x-icon jpeg:image/jpeg jpg:image/jpeg js:text/javascript
 json:application/json map:application/json md:text/markdown mjs:text/javascript mp3:audio/mpeg
 mp4:video/mp4 otf:font/otf pdf:application/pdf png:image/png svg:image/svg+xml ttf:font/ttf
 txt:text/plain wasm:application/wasm wav:audio/wav webm:video/webm
 webmanifest:application/manifest+json webp:image/webp woff:font/woff woff2:font/woff2
 xml:text/xml zip:application/zip """

# How much is read at once.
_PORTION = 2048 if MICROPYTHON else 65536


class _Part:
    """A part of an open file, as a body."""

    def __init__(self, file: "Any", start: int, size: int) -> None:
        self._file = file
        self._left = size
        self.close = file.close
        if start:
            file.seek(start)

    def read(self, n: int) -> bytes:
        data: bytes = self._file.read(min(n, self._left))
        self._left -= len(data)
        return data


class Folder:
    """The files of a folder.

    :param path: the folder.
    """

    def __init__(self, path: str) -> None:
        self._path = path.rstrip("/") + "/"
        if not MICROPYTHON:
            self._path = os.path.realpath(path).rstrip(os.sep) + os.sep

    def stat(self, name: str) -> "tuple[int, str | None, str | None] | None":
        """Return size, entity tag and date of a file; see `Source`."""
        path = self._path + name
        # A link may lead out of the folder; only CPython's file systems have links.
        if not MICROPYTHON and not (os.path.realpath(path) + os.sep).startswith(self._path):
            return None
        try:
            stat = os.stat(path)
        except (OSError, ValueError):
            return None
        kind = stat[0] & 0xF000
        if kind != 0x8000:
            return (-1, None, None) if kind == 0x4000 else None
        moment = time.gmtime(stat[8])
        if moment[0] < 2024:  # written by a device whose clock was not set: tells nothing
            return stat[6], None, None
        tag = f"{getattr(stat, 'st_mtime_ns', stat[8]):x}-{stat[6]:x}"
        return stat[6], tag, http_date(moment)

    def open(self, name: str, start: int, size: int) -> "Any":
        """Return part of a file as a body."""
        return _Part(open(self._path + name, "rb"), start, size)


class Frozen:
    """Files that are carried in the firmware image; see the module's description.

    :param files: contents and entity tags by path.
    :param folder: the folder of it to serve, "" for all.
    """

    def __init__(self, files: "dict[str, tuple[bytes, str]]", folder: str = "") -> None:
        self._files = files
        self._folder = folder.strip("/") + "/" if folder else ""

    def stat(self, name: str) -> "tuple[int, str | None, str | None] | None":
        """Return size, entity tag and date of a file; see `Source`."""
        path = self._folder + name
        if path in self._files:
            data, tag = self._files[path]
            return len(data), tag, None
        if any(key.startswith(path + "/") for key in self._files):
            return -1, None, None
        return None

    def open(self, name: str, start: int, size: int) -> "Any":
        """Return part of a file as a body."""
        data = self._files[self._folder + name][0]
        if size == len(data):
            return data  # sent in portions right out of the flash
        from io import BytesIO

        return _Part(BytesIO(data), start, size)


def _find_source(folder: str) -> "Source":
    try:
        os.stat(folder)
        return Folder(folder)
    except OSError:
        pass
    try:
        return Frozen(__import__("static_files").FILES, folder)
    except ImportError:
        raise ValueError("no such folder, and no static_files: " + folder) from None


class StaticFiles:
    """Serves files to GET and HEAD requests.

    What it does not serve: anything outside of the folder, links that lead out of it included,
    and names that begin with a dot, but for `.well-known`.

    :param source: a folder; or an object with the methods of `Folder`.
    :param max_age: how long clients may use a file without asking again, in seconds.
    :param index: the file that stands for a folder.
    :raises ValueError: if there is no such folder.
    """

    def __init__(
        self,
        source: "str | Source",
        max_age: "int | None" = None,
        index: str = "index.html",
    ) -> None:
        self._source: Source = _find_source(source) if isinstance(source, str) else source
        self._max_age = max_age
        self._index = index

    def mount(self, app: "Microdot", url_prefix: str = "") -> None:
        """Add routes for the files to an application.

        :param app: the application.
        :param url_prefix: the path of the folder.
        """
        app.add_route(url_prefix + "/", self.respond)
        app.add_route(url_prefix + "/<path:path>", self.respond)

    async def respond(self, request: "Request", path: str = "") -> Response:
        """Make the response for a file.

        :param request: the request.
        :param path: the file's path in the folder; an empty one, or one that ends with a slash,
                     stands for the folder's index.
        :raises HTTPException: 404 if there is no such file, 406, 412 or 416.
        """
        name = path if path and path[-1] != "/" else path + self._index
        for segment in name.split("/"):
            if not segment or (segment[0] == "." and segment != ".well-known"):
                raise HTTPException(404, "Not found")
        if "\\" in name or "\0" in name:
            raise HTTPException(404, "Not found")
        headers: dict[str, Any] = {"Content-Type": content_type(name)}
        found, name = self._choose(request, name, headers)
        if found[0] < 0:  # relative links need the slash
            url, mark, query = request.url.partition("?")
            return Response.redirect(url + "/" + mark + query, 301)
        return self._answer(request, name, found, headers)

    def _choose(
        self, request: "Request", name: str, headers: "dict[str, Any]"
    ) -> "tuple[tuple[int, str | None, str | None], str]":
        """Find the file, or its compressed neighbour if there is one and the client takes it."""
        plain = self._source.stat(name)
        compressed = None
        if plain is None or plain[0] >= 0:
            compressed = self._source.stat(name + ".gz")
        if compressed is None or compressed[0] < 0:
            if plain is None:
                raise HTTPException(404, "Not found")
            return plain, name
        headers["Vary"] = "Accept-Encoding"
        accepted = request.headers.get("Accept-Encoding")
        # Without the header any coding is acceptable (RFC 9110 section 12.5.3).
        if (plain is None) if accepted is None else _accepts_gzip(accepted):
            headers["Content-Encoding"] = "gzip"
            return compressed, name + ".gz"
        if plain is None:
            raise HTTPException(406, "Not acceptable: it is compressed with gzip")
        return plain, name

    def _answer(
        self,
        request: "Request",
        name: str,
        found: "tuple[int, str | None, str | None]",
        headers: "dict[str, Any]",
    ) -> Response:
        """Apply conditions and range (RFC 9110 sections 13 and 14)."""
        size, tag, date = found
        get = request.headers.get
        max_age = self._max_age
        if max_age is None:
            max_age = Response.default_send_file_max_age
        if max_age is not None:
            headers["Cache-Control"] = "max-age=" + str(max_age)
        if tag:
            tag = headers["ETag"] = '"' + tag + '"'
        if date:
            headers["Last-Modified"] = date
        matches = get("If-Match")
        if matches is not None and not _is_listed(tag, matches, False):
            raise HTTPException(412, "Precondition failed")
        matches = get("If-None-Match")
        # A date is only compared for being the same, which is what caches send.
        if (
            _is_listed(tag, matches, True)
            if matches is not None
            else date and get("If-Modified-Since") == date
        ):
            del headers["Content-Type"]
            return Response(b"", 304, headers)
        headers["Accept-Ranges"] = "bytes"
        start, status_code = 0, 200
        wanted = get("Range") if request.method == "GET" else None
        if wanted and get("If-Range", tag) in (tag, date or tag):
            part = parse_range(wanted, size)
            if part is not None:
                start, size, status_code = part[0], part[1], 206
                headers["Content-Range"] = f"bytes {start}-{start + size - 1}/{found[0]}"
        headers["Content-Length"] = str(size)
        response = Response(self._source.open(name, start, size), status_code, headers)
        response.send_file_buffer_size = _PORTION
        return response


def content_type(name: str) -> str:
    """Return the content type that goes with a file name.

    `Response.types_map` comes first.
    """
    _, dot, extension = name.lower().rpartition(".")
    found = Response.types_map.get(extension) if dot else None
    if found is None:
        start = _TYPES.find(" " + extension + ":")
        if start < 0 or not dot:
            return "application/octet-stream"
        found = _TYPES[start + len(extension) + 2 :].split(None, 1)[0]
    if found[:5] == "text/" and ";" not in found:
        found += "; charset=UTF-8"
    return found


def _accepts_gzip(value: str) -> bool:
    """Evaluate Accept-Encoding (RFC 9110 section 12.5.3)."""
    any_coding = False
    for item in value.lower().split(","):
        coding, _, weight = item.partition(";")
        coding = coding.strip()
        accepted = weight.partition("=")[2].strip(" 0.") != "" if weight else True
        if coding in ("gzip", "x-gzip"):
            return accepted
        if coding == "*":
            any_coding = accepted
    return any_coding


def _is_listed(tag: "str | None", value: str, weak: bool) -> bool:
    """Look for an entity tag in If-Match or If-None-Match (RFC 9110 section 13.1)."""
    for item in value.split(","):
        listed = item.strip()
        if weak and listed[:2] == "W/":
            listed = listed[2:]
        if listed == "*" or (tag and listed == tag):
            return True
    return False


def parse_range(value: str, size: int) -> "tuple[int, int] | None":
    """Parse a Range header (RFC 9110 section 14.2).

    :param size: the size of the whole.
    :returns: start and size of the part; None if the header is to be ignored, as one with
              several ranges is.
    :raises HTTPException: 416 if there is no such part.
    """
    unit, _, spec = value.partition("=")
    first, dash, last = spec.strip().partition("-")
    digits = (first + last).encode()  # as bytes, of which only those of ASCII are digits
    if unit.strip().lower() != "bytes" or not dash or not digits.isdigit() or len(digits) > 40:
        return None
    start = int(first) if first else max(0, size - int(last))
    end = size
    if first and last:
        end = min(int(last) + 1, size)
        if int(last) < start:
            return None
    if start >= end:
        error = HTTPException(416, "Range not satisfiable")
        error.headers = {"Content-Range": "bytes */" + str(size)}
        raise error
    return start, end - start
