"""Forms with files: `multipart/form-data` (RFC 7578, RFC 2046), read as they arrive."""

import os
from binascii import hexlify
from io import BytesIO

from .coding import percent_decode
from .compat import invoke_handler, wraps
from .datastructures import MultiDict
from .http1 import ProtocolError
from .parameters import parse_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from .request import Request


class FileUpload:
    """A file of a form. It can be read once, and in the order of the form.

    After `copy` it can be read at any time until it is closed.

    :param filename: the name that the client gave; do not use it as the name of a file.
    :param content_type: its type, None if the client gave none.
    :param read: reads some bytes of it.
    """

    #: Files that are larger are copied to temporary files and not into memory; in bytes.
    max_memory_size = 1024
    #: The folder for temporary files; None for the system's, or the current one on a device.
    temporary_folder: "str | None" = None

    def __init__(
        self,
        filename: str,
        content_type: "str | None",
        read: "Callable[[int], Awaitable[bytes]]",
    ) -> None:
        self.filename = filename
        self.content_type = content_type
        self._read = read
        self._file: Any = None
        self._path: str | None = None

    async def read(self, n: int = -1) -> bytes:
        """Read up to `n` bytes, or all that is left.

        :returns: nothing at the end.
        """
        if self._file is not None:
            data: bytes = self._file.read(n)
            return data
        if n >= 0:
            return await self._read(n)
        return await _read_all(self._read)

    async def save(self, path_or_file: "Any") -> None:
        """Write it to a file, a portion at a time.

        :param path_or_file: a name, or a file that is open for writing bytes. A file that is
                             given by name is removed again if the upload breaks off.
        """
        if not isinstance(path_or_file, str):
            await self._write(path_or_file)
            return
        try:
            with open(path_or_file, "wb") as f:
                await self._write(f)
        except BaseException:
            _remove(path_or_file)
            raise

    async def _write(self, f: "Any") -> None:
        while True:
            data = await self.read(FormDataIter.buffer_size)
            if not data:
                break
            f.write(data)

    async def copy(self, max_memory_size: "int | None" = None) -> "FileUpload":
        """Keep the content, so that it can be read after the form was read.

        :param max_memory_size: instead of the class's, in bytes.
        :returns: this object, to be closed when it is not needed any more.
        """
        limit = self.max_memory_size if max_memory_size is None else max_memory_size
        file: Any = BytesIO()
        try:
            while True:
                data = await self.read(FormDataIter.buffer_size)
                if not data:
                    break
                if self._path is None and file.tell() + len(data) > limit:
                    kept = file.getvalue()
                    self._path, file = _open_temporary(self.temporary_folder)
                    file.write(kept)
                file.write(data)
        except BaseException:
            file.close()
            await self.close()
            raise
        file.seek(0)
        self._file = file
        return self

    async def close(self) -> None:
        """Forget the copy, and remove the temporary file."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            _remove(self._path)
            self._path = None


def _open_temporary(folder: "str | None") -> "tuple[str, Any]":
    """Create a file whose name nobody can guess, and return its name and the open file."""
    try:
        from tempfile import mkstemp
    except ImportError:  # MicroPython
        path = (folder + "/" if folder else "") + "upload-" + hexlify(os.urandom(8)).decode()
        return path, open(path, "w+b")
    descriptor, path = mkstemp(prefix="upload-", dir=folder)
    return path, open(descriptor, "w+b")


def _remove(path: str) -> None:
    try:  # noqa: SIM105 (MicroPython has no contextlib)
        os.remove(path)
    except OSError:
        pass  # it was never created


async def _read_all(read: "Callable[[int], Awaitable[bytes]]", limit: int = -1) -> bytes:
    """Read until nothing comes.

    :param limit: how many bytes there may be, or -1 for any number.
    :raises ProtocolError: 413 if there are more.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        part = await read(FormDataIter.buffer_size)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if 0 <= limit < size:
            raise ProtocolError(413, "fields of the form are too large")


def _malformed(what: str) -> ProtocolError:
    return ProtocolError(400, "malformed form: " + what)


class FormDataIter:
    """Iterates over the fields of a form while it arrives.

    It gives pairs of a name and a value, which is text or a `FileUpload`. A file must be
    read before the next pair; what was not read of it is skipped. Malformed forms end with
    the status 400, those beyond a limit with 413.

    :param request: the request; nothing is in it if it is not of type `multipart/form-data`.
    """

    #: Bytes that are read at once.
    buffer_size = 1024
    #: How many fields and files a form may have.
    max_parts = 64
    #: Largest header of a part, in bytes.
    max_header_size = 2048
    #: Largest size of all fields that are not files together, in bytes.
    max_fields_size = 16 * 1024

    def __init__(self, request: "Request") -> None:
        self._stream: Any = None
        # The line end before a boundary is part of it, also of the first one.
        self._buffer = b"\r\n"
        self._delimiter = b""
        self._in_part = True  # what is before the first boundary is skipped like a part
        self._parts = 0
        self._room = self.max_fields_size
        mime_type, _, parameters = (request.content_type or "").partition(";")
        if mime_type.strip().lower() == "multipart/form-data":
            boundary = parse_parameters(parameters).get("boundary", "")
            # RFC 2046 section 5.1.1
            if not 0 < len(boundary) <= 70:
                raise _malformed("no boundary")
            self._delimiter = b"\r\n--" + boundary.encode()
            self._stream = request.stream

    def __aiter__(self) -> "FormDataIter":
        return self

    async def __anext__(self) -> "tuple[str, Any]":
        """Return the next name and value."""
        if self._stream is None:
            raise StopAsyncIteration
        while self._in_part:
            await self._read_part(self.buffer_size)
        ending = await self._take(2)
        if ending == b"--":
            self._stream = None
            raise StopAsyncIteration
        self._parts += 1
        if self._parts > self.max_parts:
            raise ProtocolError(413, "too many parts in the form")
        headers = await self._read_headers(ending)
        self._in_part = True
        try:
            return await self._parse_part(headers)
        except ProtocolError:
            raise
        except ValueError:
            raise _malformed("it is not UTF-8") from None

    async def _parse_part(self, lines: "list[bytes]") -> "tuple[str, Any]":
        """Return the name and the value of a part.

        :param lines: its header.
        """
        headers = {}
        for line in lines:
            field, _, value = line.decode().partition(":")
            headers[field.lower()] = value.strip()
        fields = parse_parameters(headers.get("content-disposition", "").partition(";")[2])
        name = fields.get("name")
        if name is None:
            raise _malformed("a part without a name")
        filename = fields.get("filename")
        if "filename*" in fields:  # not allowed, but some clients send it (RFC 5987)
            filename = percent_decode(fields["filename*"].rpartition("'")[2])
        if filename is not None:
            return name, FileUpload(filename, headers.get("content-type"), self._read_part)
        content = await _read_all(self._read_part, self._room)
        self._room -= len(content)
        return name, content.decode()

    async def _fill(self) -> None:
        data = await self._stream.read(self.buffer_size)
        if not data:
            raise _malformed("it ends before its last boundary")
        self._buffer += data

    async def _take(self, n: int) -> bytes:
        while len(self._buffer) < n:
            await self._fill()
        data = self._buffer[:n]
        self._buffer = self._buffer[n:]
        return data

    async def _read_headers(self, start: bytes) -> "list[bytes]":
        """Read the rest of the boundary's line, and the lines of a part's header.

        :param start: the first two bytes of it.
        """
        self._buffer = start + self._buffer
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            if len(self._buffer) > self.max_header_size:
                raise ProtocolError(413, "header of a part of the form is too large")
            await self._fill()
            end = self._buffer.find(b"\r\n\r\n")
        padding, *lines = (await self._take(end + 4)).split(b"\r\n")
        if padding.strip(b" \t"):
            raise _malformed("text after a boundary")
        return lines

    async def _read_part(self, n: int) -> bytes:
        """Read up to `n` bytes of the current part, nothing at its end."""
        if not self._in_part or not n:
            return b""
        delimiter = self._delimiter
        while True:
            end = self._buffer.find(delimiter)
            # The boundary may have begun at the end of what is there.
            available = end if end >= 0 else len(self._buffer) - len(delimiter) + 1
            if available > 0:
                return await self._take(min(n, available))
            if end == 0:
                await self._take(len(delimiter))
                self._in_part = False
                return b""
            await self._fill()


class FormDict(MultiDict):
    """The fields or the files of a form by name; `getlist` gives all of a repeated name.

    Unlike those of a `MultiDict`, `items()` and `values()` give the first value of each.
    """

    def items(self) -> "Any":
        """Return pairs of a name and its first value."""
        return [(name, self[name]) for name in self]

    def values(self) -> "Any":
        """Return the first value of each name."""
        return [self[name] for name in self]


def with_form_data(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """Decorate a handler to find fields in `request.form` and files in `request.files`.

    Files are copied (see `FileUpload.copy`), and closed after the handler has returned. For
    large files a `FormDataIter` is better, which can save them where they belong.
    """

    @wraps(f)
    async def wrapper(request: "Request", *args: "Any", **kwargs: "Any") -> "Any":
        files = FormDict()
        request.files = files
        try:
            parts = FormDataIter(request)
            if parts._stream is not None:
                form = FormDict()
                async for name, value in parts:
                    if isinstance(value, FileUpload):
                        files[name] = value
                        await value.copy()
                    else:
                        form[name] = value
                request._form = form
            return await invoke_handler(f, request, *args, **kwargs)
        finally:
            for name in files:
                for upload in files.getlist(name):
                    await upload.close()

    return wrapper
