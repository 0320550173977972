"""OpenAPI 3.1 of an application: a document for programs, and a page for people.

`python -m microdot.openapi app.py` writes the document on the host.
"""

from .compat import MICROPYTHON
from .http1 import reason_phrase
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from .app import Microdot
    from .request import Request
    from .urls import URLPattern

    Handler = TypeVar("Handler", bound=Callable[..., Any])

# The methods that OpenAPI 3.1 knows; "Path Item Object".
_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
# What makes a dictionary a JSON Schema and not a list of properties.
_KEYWORDS = ("$ref", "enum", "const", "anyOf", "oneOf", "allOf")
_TYPES = (
    (str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"),
    (dict, "object"),
)  # fmt: skip


def make_schema(shape: "Any") -> "dict[str, Any]":
    """Return the JSON Schema of a shape.

    :param shape: a type (`str`, `int`, `float`, `bool`, `list`, `dict`); None; a list with
                  the shape of its items; a dictionary of the shapes of properties, where a
                  name with `?` at its end may be absent; or a JSON Schema, which is a
                  dictionary with a text as its `type`, or another keyword.
    """
    for cls, name in _TYPES:
        if shape is cls:
            return {"type": name}
    if shape is None:
        return {"type": "null"}
    if isinstance(shape, list):
        return {"type": "array", "items": make_schema(shape[0])}
    if isinstance(shape, dict):
        if is_schema(shape):
            return shape
        properties = {name.rstrip("?"): make_schema(shape[name]) for name in shape}
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        required = sorted([name for name in shape if name[-1] != "?"])
        if required:
            schema["required"] = required
        return schema
    raise TypeError("no schema for " + repr(shape))


def is_schema(shape: "dict[str, Any]") -> bool:
    """Tell a JSON Schema from a dictionary of the shapes of properties."""
    keywords = [name for name in _KEYWORDS if name in shape]
    return not shape or isinstance(shape.get("type"), str) or len(keywords) > 0


class OpenAPI:
    """Describes an application and serves its description.

    Everything follows from the routes. On CPython annotations and docstrings of handlers
    count as well; MicroPython forgets them, and `describe` says the same there.

    :param app: the application.
    :param title: its name.
    :param version: the version of the API.
    :param description: a text, which may be Markdown.
    :param servers: the servers as OpenAPI has them; by default, the one that is asked.
    :param json_url: where the document is served, None for nowhere.
    :param docs_url: where the page is served, None for nowhere.
    :param document: a document that was made before, as JSON text: nothing else is kept in
                     memory then.
    """

    def __init__(
        self,
        app: "Microdot | None" = None,
        title: str = "API",
        version: str = "1.0.0",
        description: str = "",
        servers: "list[dict[str, Any]] | None" = None,
        json_url: "str | None" = "/openapi.json",
        docs_url: "str | None" = "/docs",
        document: "str | bytes | None" = None,
    ) -> None:
        self.info: dict[str, Any] = {"title": title, "version": version}
        if description:
            self.info["description"] = description
        self.servers = servers
        self.json_url = json_url
        self.docs_url = docs_url
        self.document = document
        self.schemas: dict[str, Any] = {}
        self.security_schemes: dict[str, Any] = {}
        # By handler, because MicroPython's functions have no attributes.
        self._descriptions: dict[Any, dict[str, Any]] = {}
        self._own = [self._serve_document, self._serve_page]
        self._app: Any = None
        if app is not None:
            self.initialize(app)

    def initialize(self, app: "Microdot") -> None:
        """Set the application, and serve document and page from it."""
        self._app = app
        if self.json_url:
            app.add_route(self.json_url, self._own[0])
            if self.docs_url:
                app.add_route(self.docs_url, self._own[1])

    def schema(self, name: str, shape: "Any") -> "dict[str, Any]":
        """Name a schema.

        :param shape: see `make_schema`.
        :returns: a reference to it, which can stand wherever a shape can.
        """
        if self.document is None:
            self.schemas[name] = self._make_schema(shape)
        return {"$ref": "#/components/schemas/" + name}

    def security_scheme(self, name: str, scheme: "dict[str, Any]") -> str:
        """Name a way to authenticate.

        :param scheme: OpenAPI's "Security Scheme Object".
        :returns: the name, for `describe`.
        """
        self.security_schemes[name] = scheme
        return name

    def describe(
        self,
        summary: "str | None" = None,
        description: "str | None" = None,
        query: "dict[str, Any] | None" = None,
        headers: "dict[str, Any] | None" = None,
        path: "dict[str, Any] | None" = None,
        body: "Any" = None,
        body_type: str = "application/json",
        responses: "dict[int, Any] | None" = None,
        tags: "list[str] | None" = None,
        security: "list[str] | None" = None,
        operation_id: "str | None" = None,
        deprecated: bool = False,
        hidden: bool = False,
    ) -> "Callable[[Handler], Handler]":
        """Describe a handler. The decorator must be right under the route's.

        :param summary: what it does, in a few words.
        :param description: what it does, in any number of them.
        :param query: shapes of the query's arguments (see `make_schema`); a name with `?` at
                      its end may be absent.
        :param headers: the same of request headers.
        :param path: shapes of the path's variables, where more is known than their type.
        :param body: the shape of the request body.
        :param body_type: its content type.
        :param responses: by status: a shape, a text that describes a response, or a tuple of
                          text, shape and perhaps content type.
        :param tags: the groups that it belongs to.
        :param security: names of security schemes, of which one is needed.
        :param operation_id: its name for programs, by default the handler's.
        :param deprecated: whether it should not be used any more.
        :param hidden: leave it out.
        """
        given = {
            name: value
            for name, value in (
                ("summary", summary), ("description", description), ("query", query),
                ("headers", headers), ("path", path), ("body", body), ("body_type", body_type),
                ("responses", responses), ("tags", tags), ("security", security),
                ("operation_id", operation_id), ("deprecated", deprecated), ("hidden", hidden),
            ) if value is not None and value is not False
        }  # fmt: skip

        def decorated(f: "Handler") -> "Handler":
            if self.document is None:
                self._descriptions[f] = given
            return f

        return decorated

    def make_document(self, url_prefix: str = "") -> "dict[str, Any]":
        """Return the document.

        :param url_prefix: where the application is mounted, if no servers were named.
        """
        paths: dict[str, Any] = {}
        names: set[str] = set()
        for methods, pattern, handler, _, _ in self._app.url_map:
            described = self._describe_handler(handler)
            if handler in self._own or "hidden" in described:
                continue
            path, parameters = self._describe_path(pattern, described.get("path", {}))
            for method in methods:
                if method in _METHODS and method.lower() not in paths.setdefault(path, {}):
                    operation = self._make_operation(described, parameters)
                    name = _make_unique(described["operation_id"], method, names)
                    paths[path][method.lower()] = operation
                    operation["operationId"] = name
        document: dict[str, Any] = {"openapi": "3.1.0", "info": self.info, "paths": paths}
        servers = self.servers or (url_prefix and [{"url": url_prefix}])
        if servers:
            document["servers"] = servers
        components = {"schemas": self.schemas, "securitySchemes": self.security_schemes}
        document["components"] = {name: value for name, value in components.items() if value}
        return document

    def _describe_handler(self, handler: "Any") -> "dict[str, Any]":
        """Return what was said about a handler, what its annotations say, and defaults."""
        described = dict(self._descriptions.get(handler, ()))
        if not MICROPYTHON:
            from ._openapi_annotations import describe_function

            inner = handler
            while inner not in self._descriptions and hasattr(inner, "__wrapped__"):
                inner = inner.__wrapped__
            described = describe_function(handler, self.schemas)
            described.update(self._descriptions.get(inner, {}))
        name = getattr(handler, "__name__", "operation")
        described.setdefault("operation_id", name)
        if "summary" not in described:
            text = name.replace("_", " ").strip()
            described["summary"] = text[:1].upper() + text[1:]
        return described

    def _make_schema(self, shape: "Any") -> "dict[str, Any]":
        if not MICROPYTHON:
            from ._openapi_annotations import annotation_to_shape

            shape = annotation_to_shape(shape, self.schemas)
        return make_schema(shape)

    def _describe_path(
        self, pattern: "URLPattern", shapes: "dict[str, Any]"
    ) -> "tuple[str, list[dict[str, Any]]]":
        """Return a pattern as OpenAPI writes it, and its variables."""
        path = ""
        parameters = []
        for segment in pattern.segments or pattern.compile():
            if isinstance(segment, str):
                path += "/" + segment
                continue
            name = segment.name
            path += "/" + segment.prefix + "{" + name + "}" + segment.suffix
            schema: dict[str, Any] = {"type": "integer" if segment.is_int else "string"}
            expression = getattr(segment.regex, "pattern", None)
            if expression:
                schema["pattern"] = expression
            if name in shapes:
                schema = self._make_schema(shapes[name])
            parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
        return path, parameters

    def _make_operation(
        self, described: "dict[str, Any]", parameters: "list[dict[str, Any]]"
    ) -> "dict[str, Any]":
        """Return an "Operation Object", but for its name."""
        operation: dict[str, Any] = {
            name: described[name]
            for name in ("summary", "description", "tags", "deprecated")
            if name in described
        }
        parameters = list(parameters)
        for place, key in (("query", "query"), ("header", "headers")):
            shapes = described.get(key, {})
            for name in sorted(shapes):  # MicroPython's dictionaries have no order
                parameter = {"name": name.rstrip("?"), "in": place}
                parameter["schema"] = self._make_schema(shapes[name])
                if name[-1] != "?":
                    parameter["required"] = True
                parameters.append(parameter)
        if parameters:
            operation["parameters"] = parameters
        if "body" in described:
            media = {described["body_type"]: {"schema": self._make_schema(described["body"])}}
            operation["requestBody"] = {"required": True, "content": media}
        responses = described.get("responses") or {200: "OK"}
        operation["responses"] = {
            str(status): self._make_response(status, responses[status])
            for status in sorted(responses)
        }
        if "security" in described:
            operation["security"] = [{name: []} for name in described["security"]]
        return operation

    def _make_response(self, status_code: int, response: "Any") -> "dict[str, Any]":
        """Return a "Response Object"."""
        text, shape, content_type = "", response, ""
        if isinstance(response, str):
            return {"description": response}
        if isinstance(response, tuple):
            text, shape = response[:2]
            content_type = response[2] if len(response) > 2 else ""
        made: dict[str, Any] = {"description": text or reason_phrase(status_code) or "Response"}
        if shape is not None:
            default = "text/plain" if shape is str else "application/json"
            made["content"] = {content_type or default: {"schema": self._make_schema(shape)}}
        return made

    async def _serve_document(self, request: "Request") -> "Any":
        if self.document is not None:
            return Response(self.document, headers={"Content-Type": "application/json"})
        return self.make_document(request.url_prefix)

    async def _serve_page(self, request: "Request") -> "Any":
        from .openapi_page import HEAD, TAIL

        url = request.url_prefix + (self.json_url or "")
        parts = iter((HEAD, url.encode(), TAIL))
        return Response(parts, headers={"Content-Type": "text/html; charset=UTF-8"})


def _make_unique(name: str, method: str, names: "set[str]") -> str:
    """Return a name that no other operation has."""
    unique = name if name not in names else name + "_" + method.lower()
    number = 2
    while unique in names:
        unique = name + "_" + str(number)
        number += 1
    names.add(unique)
    return unique


if __name__ == "__main__":
    from ._openapi_command import main

    raise SystemExit(main())
