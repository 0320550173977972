"""Forms with files: any cut of the stream, any file size, every limit; nothing hangs."""

import asyncio
import os
from io import BytesIO

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microdot import Microdot, Request
from microdot.http1 import ProtocolError
from microdot.multipart import FileUpload, FormDataIter, with_form_data
from microdot.test_client import TestClient

from .unix_port import run_unix

TYPE = "multipart/form-data; boundary=xyz"


class Stream:
    """A connection that delivers its bytes in portions of the given sizes, again and again."""

    def __init__(self, data, sizes=(1000000,)):
        self.data = data
        self.sizes = list(sizes)

    async def read(self, n=-1):
        size = self.sizes.pop(0)
        self.sizes.append(size)
        size = min(size, n) if n >= 0 else size
        data, self.data = self.data[:size], self.data[size:]
        return data


def make_request(body, content_type=TYPE, sizes=(1000000,)):
    headers = {"Content-Type": content_type} if content_type else {}
    return Request(None, None, "POST", "/", "1.1", headers, stream=Stream(body, sizes))


def make_body(*parts, boundary="xyz", epilogue=b""):
    """Make a body of pairs of header and content."""
    body = b""
    for header, content in parts:
        start = "" if header.startswith("X-") else "Content-Disposition: form-data; "
        body += f"--{boundary}\r\n{start}{header}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode() + epilogue


def parse(body, content_type=TYPE, sizes=(1000000,)):
    """Return what is in a form, files as tuples."""

    async def collect():
        result = []
        async for name, value in FormDataIter(make_request(body, content_type, sizes)):
            if isinstance(value, FileUpload):
                result.append((name, (value.filename, value.content_type, await value.read())))
            else:
                result.append((name, value))
        return result

    return asyncio.run(asyncio.wait_for(collect(), 10))


def test_fields_and_files():
    body = make_body(
        ('name="a"', b"1"),
        ('name="a"', "é\r\n--xy\r\n".encode()),
        ('name="f"; filename="x.txt"\r\nContent-Type: text/plain', b"hello"),
        ('name="e"; filename=""\r\ncontent-type: application/octet-stream', b""),
        ("name=token; filename=plain", b"\x00\xff"),
        ('name=""', b""),
    )
    assert parse(body) == [
        ("a", "1"),
        ("a", "é\r\n--xy\r\n"),
        ("f", ("x.txt", "text/plain", b"hello")),
        ("e", ("", "application/octet-stream", b"")),
        ("token", ("plain", None, b"\x00\xff")),
        ("", ""),
    ]


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=xyz",
        'multipart/form-data; boundary="xyz"',
        "multipart/form-data; boundary=xyz; charset=utf-8",
        'multipart/form-data; charset="a;b=c"; BOUNDARY="xyz"',
        "Multipart/Form-Data;boundary=xyz;",
        "multipart/form-data ; boundary = xyz",
    ],
)
def test_boundary_parameter(content_type):
    assert parse(make_body(('name="a"', b"1")), content_type) == [("a", "1")]


def test_strange_boundary():
    body = make_body(('name="a"', b"1"), boundary="a b'()+_,-./:=?c")
    assert parse(body, 'multipart/form-data; boundary="a b\'()+_,-./:=?c"') == [("a", "1")]


@pytest.mark.parametrize(
    ("parameter", "filename"),
    [
        ('filename="a\\"b.txt"', 'a"b.txt'),
        ('filename="C:\\dir\\x.txt"', "C:\\dir\\x.txt"),
        ('filename="a;b=c.txt"', "a;b=c.txt"),
        ('filename="ünï.txt"', "ünï.txt"),
        ("filename*=UTF-8''%e2%82%ac%20x.txt", "€ x.txt"),
        ("filename=\"x\"; filename*=UTF-8'en'%41", "A"),
    ],
)
def test_file_names(parameter, filename):
    for order in ('name="f"; ' + parameter, parameter + '; name="f"'):
        assert parse(make_body((order, b"x"))) == [("f", (filename, None, b"x"))]


def test_preamble_epilogue_and_padding():
    body = b"preamble\r\n--xyz   \r\n" + make_body(('name="a"', b"1"), epilogue=b"--xyz\r\nx")[7:]
    assert parse(body) == [("a", "1")]
    assert parse(b"--xyz--") == []
    assert parse(b"--xyz--\r\n") == []
    assert parse(b"\r\n--xyz--\r\n") == []


def escape_name(name):
    """Return a name as httpx sends it: as browsers do (HTML Standard section 4.10.21.8)."""
    special = {'"': "%22"} | {chr(c): f"%{c:02X}" for c in range(32) if c != 27}
    return "".join(special.get(c, c) for c in name)


@given(
    st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=3000) | st.text(max_size=50))),
    st.lists(st.integers(1, 1500), min_size=1),
)
@settings(max_examples=60, deadline=None)
@example([("f\\", b"\r\n--xy\r\n--xyzz"), ("f", b"\r"), ("f", b"\r\n-")], [1])
def test_what_httpx_sends_comes_out_however_it_is_cut(parts, sizes):
    files = [
        (name, (None if isinstance(content, str) else "file", content)) for name, content in parts
    ]
    if not files:
        return
    request = httpx.Request("POST", "http://x", files=files)
    expected = [
        (
            escape_name(name),
            content if filename is None else (filename, "application/octet-stream", content),
        )
        for name, (filename, content) in files
    ]
    assert parse(request.read(), request.headers["Content-Type"], sizes) == expected


@pytest.mark.parametrize("size", [*range(40), *range(1000, 1050), *range(2030, 2060), 70000])
def test_every_file_size(size):
    data = bytes(i & 255 for i in range(size))
    body = make_body(('name="f"; filename="x"', data), ('name="a"', b"1"))
    for sizes in ([1000000], [1024], [256, 1, 7]):
        assert parse(body, sizes=sizes) == [("f", ("x", None, data)), ("a", "1")]


@given(st.lists(st.sampled_from(
    [b"--xyz", b"--", b"\r\n", b"\n", b"Content-Disposition: form-data; ", b'name="a"', b"; ",
     b'filename="x"', b"x", b"\xff", b"\x00", b"xyz", b'"', b"\\"]
)).map(b"".join))  # fmt: skip
@settings(deadline=None)
def test_rubbish_ends_with_an_answer(body):
    try:
        parse(body)
    except ProtocolError as exc:
        assert exc.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--xyz",
        b"--xyz\r\n",
        b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
        make_body(('name="a"', b"1"))[:-4],
        make_body(("filename=x", b"1")),
        make_body(("X-Header: 1\r\nX: 2", b"1")),
        make_body(('name="a"', b"\xff")),
        make_body(("name=a; filename*=UTF-8''%zz", b"")),
        make_body(("name=a; filename*=UTF-8''%ff", b"")),
        b"--xyzz\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyzz--\r\n",
        b'--xyz\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--xyz--\r\n',
    ],
)
def test_malformed(body):
    with pytest.raises(ProtocolError) as caught:
        parse(body)
    assert caught.value.status_code == 400


@pytest.mark.parametrize("parameters", ["", "; boundary=", "; x=y", "; boundary=" + "x" * 71])
def test_no_boundary(parameters):
    with pytest.raises(ProtocolError) as caught:
        parse(b"", "multipart/form-data" + parameters)
    assert caught.value.status_code == 400


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_no_multipart_form(content_type):
    assert parse(b"a=1", content_type) == []


class Small(FormDataIter):
    max_parts = 2
    max_fields_size = 10
    max_header_size = 100


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        (make_body(("name=a", b"1"), ("name=a", b"2")), True),
        (make_body(("name=a", b"1"), ("name=a", b"2"), ("name=a", b"3")), False),
        (make_body(("name=a", b"12345"), ("name=b", b"67890")), True),
        (make_body(("name=a", b"1234567890"), ("name=b", b"1")), False),
        (make_body(("name=a", b"12345678901")), False),
        (make_body(("name=a; filename=x", b"12345678901")), True),
        (make_body(("name=" + "a" * 200, b"1")), False),
    ],
)
def test_limits(body, fits):
    async def consume():
        async for _ in Small(make_request(body, sizes=[20])):
            pass

    if fits:
        asyncio.run(consume())
        return
    with pytest.raises(ProtocolError) as caught:
        asyncio.run(consume())
    assert caught.value.status_code == 413


def test_unread_files_are_skipped():
    body = make_body(('name="f"; filename="x"', b"x" * 5000), ('name="a"', b"1"))

    async def names():
        return [name async for name, _ in FormDataIter(make_request(body, sizes=[100]))]

    assert asyncio.run(names()) == ["f", "a"]


def upload(data, sizes=(500,)):
    """Return an upload whose content is still to come, in a coroutine."""
    request = make_request(make_body(('name="f"; filename="../x"', data)), sizes=sizes)

    async def first():
        return (await FormDataIter(request).__anext__())[1]

    return first()


def test_save(tmp_path):
    data = os.urandom(100000)

    async def save():
        await (await upload(data)).save(str(tmp_path / "saved"))
        await (await upload(data)).save(buffer)

    buffer = BytesIO()
    asyncio.run(save())
    assert (tmp_path / "saved").read_bytes() == data == buffer.getvalue()


def test_saving_holds_little_in_memory():
    """A megabyte passes through; never more than a few portions are held."""
    largest = 0

    class Sink:
        def write(self, data):
            nonlocal largest
            largest = max(largest, len(data))

    async def save():
        await (await upload(bytes(1 << 20), sizes=(100000,))).save(Sink())

    asyncio.run(save())
    assert largest <= FormDataIter.buffer_size


def test_an_upload_that_breaks_off_leaves_no_file(tmp_path):
    async def save():
        file = FileUpload("x", None, Stream(b"").read)

        async def read(n):
            raise EOFError

        file._read = read
        await file.save(str(tmp_path / "saved"))

    with pytest.raises(EOFError):
        asyncio.run(save())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "limit", "files"),
    [(1024, None, 0), (1025, None, 1), (10, 9, 1), (10, 10, 0), (0, 0, 0), (50000, 60000, 0),
     (50000, None, 1)],
)  # fmt: skip
def test_copy(tmp_path, monkeypatch, size, limit, files):
    monkeypatch.setattr(FileUpload, "temporary_folder", str(tmp_path))
    data = os.urandom(size)

    async def copy():
        file = await (await upload(data)).copy(limit)
        names = os.listdir(tmp_path)
        assert len(names) == files
        assert all("x" not in name.partition("-")[2] or ".." not in name for name in names)
        assert await file.read(7) == data[:7]
        assert await file.read() == data[7:]
        await file.close()
        await file.close()

    asyncio.run(copy())
    assert os.listdir(tmp_path) == [], "the temporary file must be removed"


def test_a_copy_that_breaks_off_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(FileUpload, "temporary_folder", str(tmp_path))
    body = make_body(('name="f"; filename="x"', bytes(5000)))[:3000]
    app = Microdot()
    app.add_route("/", with_form_data(lambda request: "not reached"), ["POST"])
    response = asyncio.run(TestClient(app).post("/", {"Content-Type": TYPE}, body))
    assert (response.status_code, os.listdir(tmp_path)) == (400, [])


def make_app(folder):
    app = Microdot()

    @app.post("/")
    @with_form_data
    async def index(request):
        files = {}
        for name, file in request.files.items():
            files[name] = [file.filename, (await file.read()).decode()]
        count = [len(request.files.getlist(name)) for name in request.files]
        return {
            "form": {name: request.form.getlist(name) for name in request.form},
            "files": files,
            "count": count,
            "temporary": os.listdir(folder),
        }

    return app


def test_with_form_data(tmp_path, monkeypatch):
    monkeypatch.setattr(FileUpload, "temporary_folder", str(tmp_path))
    body = make_body(
        ("name=a", b"1"), ("name=a", b"2"), ("name=b", b"3"),
        ("name=f; filename=one", b"x" * 3000), ("name=f; filename=two", b"y"),
    )  # fmt: skip
    client = TestClient(make_app(tmp_path))
    result = asyncio.run(client.post("/", {"Content-Type": TYPE}, body)).json
    assert result["form"] == {"a": ["1", "2"], "b": ["3"]}
    assert result["files"] == {"f": ["one", "x" * 3000]}
    assert result["count"] == [2]
    assert len(result["temporary"]) == 1
    assert os.listdir(tmp_path) == []
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    result = asyncio.run(client.post("/", urlencoded, b"a=1&a=2")).json
    assert result["form"] == {"a": ["1", "2"]}
    assert result["files"] == {}


def test_form_reads_like_a_plain_dictionary():
    app = Microdot()

    @app.post("/")
    @with_form_data
    async def index(request):
        form = request.form
        return {
            "items": form.items(),
            "values": form.values(),
            "a": form["a"],
            "no": form.get("x"),
        }

    body = make_body(("name=a", b"1"), ("name=a", b"2"), ("name=b", b"3"))
    result = asyncio.run(TestClient(app).post("/", {"Content-Type": TYPE}, body)).json
    assert result == {
        "items": [["a", "1"], ["b", "3"]],
        "values": ["1", "3"],
        "a": "1",
        "no": None,
    }


def test_on_micropython(tmp_path):
    body = make_body(
        ("name=a", "é".encode()), ("name=a", b"2"), ('name="f"; filename="../x"', bytes(5000)),
    )  # fmt: skip
    (tmp_path / "body").write_bytes(body)
    printed = run_unix(
        "import asyncio, os\n"
        "from microdot import Microdot\n"
        "from microdot.multipart import *\n"
        "from microdot.test_client import TestClient\n"
        "app = Microdot()\n"
        "os.mkdir('spool')\n"
        "FileUpload.temporary_folder = 'spool'\n"
        "@app.post('/')\n"
        "@with_form_data\n"
        "async def index(request):\n"
        "    f = request.files['f']\n"
        "    assert len(os.listdir('spool')) == 1\n"
        "    await f.save('saved')\n"
        "    assert request.form.items() == [('a', 'é')]\n"
        "    return str(request.form.getlist('a') == ['é', '2']) + f.filename\n"
        f"headers = {{'Content-Type': {TYPE!r}}}\n"
        "response = TestClient(app).post('/', headers, open('body', 'rb').read())\n"
        "print(asyncio.run(response).text, os.listdir('spool'), os.stat('saved')[6])\n",
        cwd=tmp_path,
    )
    assert printed == "True../x [] 5000\n"
