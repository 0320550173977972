"""The OpenAPI document: valid, the same on both interpreters, made of what is known."""

import asyncio
import dataclasses
import json
import re
import subprocess
import sys
from typing import Any, Literal, TypedDict

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from microdot import Microdot
from microdot.helpers import wraps
from microdot.openapi import OpenAPI, make_schema
from microdot.openapi_page import HEAD, TAIL
from microdot.test_client import TestClient

from .unix_port import ROOT, run_unix


def make(app, api):
    """Return an application's document, which must be valid."""
    document = json.loads(json.dumps(api.make_document()))
    validate(document, cls=OpenAPIV31SpecValidator)
    return document


# Runs on both interpreters.
SMALL_APP = """
from microdot import Microdot
from microdot.openapi import OpenAPI

app = Microdot()
api = OpenAPI(app, "Small", "2.0", "An *example*.", servers=[{"url": "https://x.example"}])
Thing = api.schema("Thing", {"id": int, "name?": str, "tags": [str], "size": {"w": float}})
key = api.security_scheme("key", {"type": "apiKey", "name": "X-Key", "in": "header"})

@app.get("/things")
@api.describe("List", query={"limit?": {"type": "integer", "minimum": 1}, "q": str},
              headers={"X-Request": str}, responses={200: [Thing]}, tags=["things"])
async def list_things(request):
    return []

@app.post("/things")
@api.describe("Add", "Adds a thing.", body=Thing, responses={201: Thing, 400: "Bad", 500: None},
              security=[key], deprecated=True, operation_id="add")
def add_thing(request):
    return {}

@app.get("/things/<int:id>/files/<path:name>.txt")
@api.describe(responses={200: ("A file", str), 404: "None"}, path={"id": {"type": "integer"}})
async def get_file(request, id, name):
    return ""

@app.post("/upload")
@api.describe(body={"file": {"type": "string", "format": "binary"}},
              body_type="multipart/form-data", responses={200: ("Image", {}, "image/png")})
async def upload(request):
    return ""

@app.route("/many", methods=["GET", "DELETE", "QUERY"])
async def many_methods(request):
    return ""

@app.get("/other")
@api.describe()
async def many_methods(request):
    return ""

@app.get("/secret")
@api.describe(hidden=True)
async def secret(request):
    return ""
"""


@pytest.fixture
def small():
    namespace = {}
    exec(SMALL_APP, namespace)
    return make(namespace["app"], namespace["api"])


def test_info(small):
    assert small["openapi"] == "3.1.0"
    assert small["info"] == {"title": "Small", "version": "2.0", "description": "An *example*."}
    assert small["servers"] == [{"url": "https://x.example"}]
    assert list(small["paths"]) == [
        "/things", "/things/{id}/files/{name}.txt", "/upload", "/many", "/other",
    ]  # fmt: skip


def test_operations(small):
    paths = small["paths"]
    assert paths["/things"]["get"] == {
        "operationId": "list_things",
        "summary": "List",
        "tags": ["things"],
        "parameters": [
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}},
            {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}},
            {"name": "X-Request", "in": "header", "required": True, "schema": {"type": "string"}},
        ],
        "responses": {"200": {"description": "OK", "content": {"application/json": {
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}},
    }  # fmt: skip
    add = paths["/things"]["post"]
    assert (add["operationId"], add["deprecated"], add["security"]) == ("add", True, [{"key": []}])
    assert add["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Thing")
    assert add["responses"]["400"] == {"description": "Bad"}
    assert add["responses"]["500"] == {"description": "Internal Server Error"}
    file = paths["/things/{id}/files/{name}.txt"]["get"]
    assert [(p["name"], p["schema"]["type"]) for p in file["parameters"]] == [
        ("id", "integer"), ("name", "string"),
    ]  # fmt: skip
    assert file["summary"] == "Get file"
    assert list(file["responses"]["200"]["content"]) == ["text/plain"]
    upload = paths["/upload"]["post"]
    assert list(upload["requestBody"]["content"]) == ["multipart/form-data"]
    assert list(upload["responses"]["200"]["content"]) == ["image/png"]
    assert list(paths["/many"]) == ["get", "delete"], "QUERY is unknown to OpenAPI 3.1"
    names = [op["operationId"] for path in paths.values() for op in path.values()]
    assert len(names) == len(set(names))


def test_components(small):
    assert small["components"]["schemas"]["Thing"] == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "size": {"type": "object", "properties": {"w": {"type": "number"}}, "required": ["w"]},
        },
        "required": ["id", "size", "tags"],
    }
    assert list(small["components"]["securitySchemes"]) == ["key"]


def test_the_same_document_on_micropython(small):
    code = SMALL_APP + "\nimport json\nprint(json.dumps(api.make_document()))\n"
    assert json.loads(run_unix(code)) == small


@pytest.mark.parametrize(
    ("shape", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (dict, {"type": "object"}),
        (list, {"type": "array"}),
        (None, {"type": "null"}),
        ({}, {}),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"enum": [1, 2]}, {"enum": [1, 2]}),
        ({"type": str}, {"type": "object", "properties": {"type": {"type": "string"}},
                         "required": ["type"]}),
        ({"a?": int}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
    ],
)  # fmt: skip
def test_shapes(shape, schema):
    assert make_schema(shape) == schema


def test_no_shape():
    with pytest.raises(TypeError, match="no schema for"):
        make_schema(object())


@dataclasses.dataclass
class Point:
    """Where something is."""

    x: float
    y: float
    label: str | None = None
    next: "list[Point]" = dataclasses.field(default_factory=list)


class Options(TypedDict, total=False):
    mode: Literal["fast", "slow"]
    extra: dict[str, int]
    anything: Any


def annotated():
    """The document of handlers that are described by annotations and docstrings."""
    app = Microdot()
    api = OpenAPI(app)

    @app.get("/points/<name>")
    async def get_point(request, name: Literal["a", "b"]) -> Point:
        """Get a point.

        By its name.
        """

    @app.put("/points")
    @api.describe(body=Options, responses={200: {"points": list[Point]}})
    async def put_points(request: Microdot) -> str:
        """Never mind."""

    @app.get("/text")
    def text(request) -> tuple[str, int]:
        pass

    @app.delete("/nothing")
    def nothing(request) -> None:
        pass

    @app.get("/unknown")
    def unknown(request, x: "NoSuchName") -> "NoSuchName":  # noqa: F821
        """Still described."""

    return make(app, api)


def test_annotations_of_arguments_and_docstrings():
    document = annotated()
    get = document["paths"]["/points/{name}"]["get"]
    assert (get["summary"], get["description"]) == ("Get a point", "By its name.")
    assert get["parameters"][0]["schema"] == {"enum": ["a", "b"]}
    content = get["responses"]["200"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Point"}}}
    point = document["components"]["schemas"]["Point"]
    assert point["description"] == "Where something is."
    assert point["required"] == ["x", "y"]
    assert point["properties"]["label"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert point["properties"]["next"]["items"] == {"$ref": "#/components/schemas/Point"}
    options = document["components"]["schemas"]["Options"]
    assert "required" not in options
    assert options["properties"]["mode"] == {"enum": ["fast", "slow"]}
    assert options["properties"]["extra"]["additionalProperties"] == {"type": "integer"}


def test_annotations_of_results():
    document = annotated()
    put = document["paths"]["/points"]["put"]
    assert put["summary"] == "Never mind"
    schema = put["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["properties"]["points"]["items"] == {"$ref": "#/components/schemas/Point"}
    content = document["paths"]["/text"]["get"]["responses"]["200"]["content"]
    assert content == {"text/plain": {"schema": {"type": "string"}}}
    assert list(document["paths"]["/nothing"]["delete"]["responses"]) == ["204"]
    assert document["paths"]["/unknown"]["get"]["summary"] == "Still described"


def test_handlers_behind_other_decorators():
    app = Microdot()
    api = OpenAPI(app)

    def other(f):
        @wraps(f)
        async def wrapper(request):
            return await f(request)

        return wrapper

    @app.get("/")
    @other
    @api.describe("Found")
    async def index(request):
        pass

    assert make(app, api)["paths"]["/"]["get"]["summary"] == "Found"


def test_regular_expressions_and_the_first_route_of_a_path():
    app = Microdot()
    api = OpenAPI(app)
    app.add_route("/<re:[a-z]/[0-9]:x>", lambda request, x: x)
    app.add_route("/<x>", api.describe("First")(lambda request, x: x), ["POST"])
    app.add_route("/<x>", api.describe("Second")(lambda request, x: x), ["POST"])
    document = make(app, api)
    assert document["paths"]["/{x}"]["post"]["summary"] == "First"
    schema = document["paths"]["/{x}"]["get"]["parameters"][0]["schema"]
    assert re.search(schema["pattern"], "a/1")


def get(app, path):
    return asyncio.run(TestClient(app).get(path))


def test_served():
    app = Microdot()
    api = OpenAPI(app, "T")
    document = get(app, "/openapi.json")
    assert document.headers["Content-Type"].startswith("application/json")
    assert document.json == json.loads(json.dumps(api.make_document()))
    assert document.json["paths"] == {}
    page = get(app, "/docs")
    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert 'data-url="/openapi.json"' in page.text


def test_mounted():
    sub = Microdot()
    OpenAPI(sub)
    sub.add_route("/x", lambda request: "x")
    app = Microdot()
    app.mount(sub, url_prefix="/api")
    assert get(app, "/api/openapi.json").json["servers"] == [{"url": "/api"}]
    assert 'data-url="/api/openapi.json"' in get(app, "/api/docs").text


def test_not_served():
    app = Microdot()
    OpenAPI(app, json_url=None)
    assert (get(app, "/openapi.json").status_code, get(app, "/docs").status_code) == (404, 404)


def test_a_document_made_before():
    app = Microdot()
    api = OpenAPI(app, document=b'{"made": "before"}')

    @app.get("/")
    @api.describe("Forgotten")
    async def index(request):
        return ""

    api.schema("Forgotten", {"x": int})
    assert get(app, "/openapi.json").json == {"made": "before"}
    assert not api._descriptions
    assert not api.schemas


def test_the_page_is_self_contained_and_small():
    page = HEAD + TAIL
    assert len(page) < 12000
    assert not re.search(rb'(?:src|href)\s*=\s*"?(?:https?:)?//|@import|url\(', page)
    assert b"innerHTML" not in page, "what a document says must not become markup"


def run_command(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "microdot.openapi", *arguments],
        env={"PYTHONPATH": str(ROOT)}, cwd=cwd, check=False, capture_output=True, text=True,
        timeout=20,
    )  # fmt: skip


def test_command(tmp_path):
    (tmp_path / "app.py").write_text(SMALL_APP + "\napp.run()\n")
    printed = run_command("app.py", cwd=tmp_path)
    assert (printed.returncode, printed.stderr) == (0, "")
    document = json.loads(printed.stdout)
    validate(document, cls=OpenAPIV31SpecValidator)
    assert run_command("app.py", "-o", "x.json", cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "x.json").read_text()) == document
    assert run_command("app.py", "-o", "x.py", cwd=tmp_path).returncode == 0
    assert json.loads(run_unix("import x; print(x.DOCUMENT.decode())", cwd=tmp_path)) == document


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "has no OpenAPI object"),
        ("x = 1 / 0", "ZeroDivisionError"),
        (None, "No such file"),
    ],
)
def test_command_errors(tmp_path, text, message):
    if text is not None:
        (tmp_path / "app.py").write_text(text)
    result = run_command("app.py", cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_example():
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import rest_api
    finally:
        sys.path.pop(0)
    document = make(rest_api.app, rest_api.api)
    assert len(document["paths"]) == 2
