"""URL patterns and the router."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .coding import percent_decode as percent_decode
    from .coding import urldecode as urldecode
    from .coding import urlencode as urlencode
    from .patterns import Variable

    #: methods, pattern, handler, prefix of the mounted application, mounted application
    Route = tuple[list[str], "URLPattern", Callable[..., Any], str, Any]


def __getattr__(name: str) -> object:
    from . import coding

    return getattr(coding, name)


class URLPattern:
    """A URL pattern: static text, and segments like `<name>` and `<int:id>`.

    Segment types are `string` (the default, one segment), `int`, `path` (one segment or
    more), `re:<regular expression>` and those given to `register_type`. Text may stand
    before and after the brackets: `/photo-<int:id>.jpg`. Static text is literal.

    It is compiled at its first match, so that types may be registered until then.

    :param url_pattern: the pattern; a slash is put before it if it has none.
    """

    _custom_types: "dict[str, tuple[str, Callable[[str], Any] | None]]" = {}  # noqa: RUF012

    def __init__(self, url_pattern: str) -> None:
        self.url_pattern = url_pattern if url_pattern[:1] == "/" else "/" + url_pattern
        #: static text, or a `Variable`, for each segment; None until compiled
        self.segments: list[str | Variable] | None = None
        #: the mounted applications whose hooks apply to this route only, the innermost first
        self.scopes: list[Any] = []
        self._spans = False  # whether a variable can take more than one segment

    @classmethod
    def register_type(
        cls,
        type_name: str,
        pattern: str = "[^/]+",
        parser: "Callable[[str], Any] | None" = None,
    ) -> None:
        """Add a segment type, or replace one, for all patterns not matched before.

        :param type_name: the name to use in patterns.
        :param pattern: a regular expression for the whole text.
        :param parser: makes the handler's argument of the text; None means no match.
        """
        cls._custom_types[type_name] = (pattern, parser)

    def compile(self) -> "list[str | Variable]":
        """Cut the pattern into segments.

        :raises ValueError: if the pattern is malformed or names an unknown type.
        """
        from .patterns import Variable, segment_end

        segments: list[str | Variable] = []
        rest = self.url_pattern
        while rest:
            end = segment_end(rest)
            text = rest[1:end]
            rest = rest[end:]
            if "<" in text:
                variable = Variable(text, self._custom_types)
                self._spans = self._spans or variable.spans
                segments.append(variable)
            else:
                segments.append(text)
        self.segments = segments
        return segments

    def match(self, path: str) -> "dict[str, Any] | None":
        """Match a path as a whole.

        :returns: the values of the variables, or None if the path does not match.
        :raises ValueError: see `compile`.
        """
        return self.match_segments(path.split("/")) if path[:1] == "/" else None

    def match_segments(self, path: "list[str]") -> "dict[str, Any] | None":
        """Match a path that is split at its slashes already; see `match`."""
        segments = self.segments
        if segments is None:
            segments = self.compile()
        if self._spans:
            from .patterns import match_spans

            values: dict[str, Any] = {}
            return values if match_spans(segments, 0, path, 1, values) else None
        if len(segments) != len(path) - 1:
            return None
        values = {}
        for index, segment in enumerate(segments, 1):
            if isinstance(segment, str):
                if segment != path[index]:
                    return None
            elif not segment.match(path[index], values):
                return None
        return values

    def __repr__(self) -> str:
        return "URLPattern: " + self.url_pattern


class Router:
    """Finds the first route registered for a path and a method.

    Static paths are found by dictionary, others are tried in their order.
    """

    def __init__(self) -> None:
        self._static: dict[str, list[int]] = {}
        self._dynamic: list[int] = []
        self._size = 0

    def _index(self, url_map: "list[Route]") -> None:
        self._static = {}
        self._dynamic = []
        for number, route in enumerate(url_map):
            text = route[1].url_pattern
            if "<" in text:
                self._dynamic.append(number)
            else:
                self._static.setdefault(text, []).append(number)
        self._size = len(url_map)

    def find(
        self, url_map: "list[Route]", method: str, path: str
    ) -> "tuple[Route, dict[str, Any] | None] | None":
        """Find the route for a request.

        :returns: the route and the values of its variables (None for a static path), or None.
        :raises ValueError: see `URLPattern.compile`.
        """
        if self._size != len(url_map):
            self._index(url_map)
        static = len(url_map)
        for number in self._static.get(path, ()):
            if method in url_map[number][0]:
                static = number
                break
        segments = None
        for number in self._dynamic:
            if number > static:
                break
            route = url_map[number]
            if method in route[0]:
                if segments is None:
                    segments = path.split("/")
                values = route[1].match_segments(segments)
                if values is not None:
                    return route, values
        return (url_map[static], None) if static < len(url_map) else None

    def allowed_methods(self, url_map: "list[Route]", path: str) -> "list[str]":
        """Return the methods that are registered for a path, in their order.

        :param path: a path, or `*` for the methods of all routes.
        """
        if self._size != len(url_map):
            self._index(url_map)
        methods: list[str] = []
        for route in url_map:
            if path == "*" or route[1].match(path) is not None:
                methods.extend(method for method in route[0] if method not in methods)
        return methods
