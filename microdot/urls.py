"""URLs: percent-encoding, URL patterns and the router."""

import re
from binascii import unhexlify

from .datastructures import MultiDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    #: methods, pattern, handler, prefix of the mounted application, mounted application
    Route = tuple[list[str], "URLPattern", Callable[..., Any], str, Any]

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/!*'():;@$,"
_ANY_SEGMENT = "[^/]+"


def percent_decode(text: "str | bytes") -> str:
    """Decode `%XX` (RFC 3986 section 2.1); a percent sign at the end stays as it is.

    :raises ValueError: for what is not two hexadecimal digits, or is not UTF-8 then.
    """
    data = text.encode() if isinstance(text, str) else text
    first, *rest = data.split(b"%")
    decoded = [first]
    for part in rest:
        if part:
            decoded.append(unhexlify(part[:2] if len(part) > 1 else b"0" + part))
            decoded.append(part[2:])
        else:
            decoded.append(b"%")
    return b"".join(decoded).decode()


def urldecode(text: "str | bytes") -> str:
    """Decode a name or a value of a query string or of a form: `%XX`, and `+` for a space.

    :raises ValueError: for what is not two hexadecimal digits, or is not UTF-8 then.
    """
    if isinstance(text, bytes):
        text = text.decode()
    if "+" in text:
        text = text.replace("+", " ")
    return percent_decode(text) if "%" in text else text


def urlencode(text: str) -> str:
    """Encode a value for a query string or a form; the opposite of `urldecode`."""
    encoded = []
    for byte in text.encode():
        if byte in _SAFE:
            encoded.append(chr(byte))
        else:
            encoded.append("+" if byte == 32 else "%%%02X" % byte)  # noqa: UP031
    return "".join(encoded)


def parse_query(text: "str | bytes") -> MultiDict:
    """Parse a query string or an urlencoded form (URL Standard section 5.1).

    :raises ValueError: see `urldecode`.
    """
    values = MultiDict()
    if isinstance(text, bytes):
        text = text.decode()
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if pair:
            values[urldecode(name)] = urldecode(value)
    return values


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
        #: static text, or a `_Variable`, for each segment; None until compiled
        self.segments: list[str | _Variable] | None = None
        #: the mounted applications whose hooks apply to this route only, the innermost first
        self.scopes: list[Any] = []
        self._spans = False  # whether a variable can take more than one segment

    @classmethod
    def register_type(
        cls,
        type_name: str,
        pattern: str = _ANY_SEGMENT,
        parser: "Callable[[str], Any] | None" = None,
    ) -> None:
        """Add a segment type, or replace one, for all patterns not matched before.

        :param type_name: the name to use in patterns.
        :param pattern: a regular expression for the whole text.
        :param parser: makes the handler's argument of the text; None means no match.
        """
        cls._custom_types[type_name] = (pattern, parser)

    def compile(self) -> "list[str | _Variable]":
        """Cut the pattern into segments.

        :raises ValueError: if the pattern is malformed or names an unknown type.
        """
        segments: list[str | _Variable] = []
        rest = self.url_pattern
        while rest:
            end = _segment_end(rest)
            text = rest[1:end]
            rest = rest[end:]
            if "<" in text:
                variable = _Variable(text, self._custom_types)
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
            values: dict[str, Any] = {}
            return values if _match_spans(segments, 0, path, 1, values) else None
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


def _segment_end(text: str) -> int:
    """Find the slash that ends the first segment: not one inside of angle brackets."""
    slash = text.find("/", 1)
    opening = text.find("<", 1)
    if slash < 0 or (0 <= opening < slash):
        closing = text.find(">", opening) if opening >= 0 else 0
        if closing < 0:
            raise ValueError("URL pattern without a closing '>': " + text)
        slash = text.find("/", closing or 1)
    return slash if slash >= 0 else len(text)


def _match_spans(
    segments: "list[str | _Variable]",
    index: int,
    path: "list[str]",
    position: int,
    values: "dict[str, Any]",
) -> bool:
    """Match when a variable can take several segments: the longest run first, as `.+` does."""
    if index == len(segments):
        return position == len(path)
    if position == len(path):
        return False
    segment = segments[index]
    if isinstance(segment, str):
        return segment == path[position] and _match_spans(
            segments, index + 1, path, position + 1, values
        )
    # Each segment of the pattern that follows takes one of the path at least.
    end = len(path) - (len(segments) - index - 1) if segment.spans else position + 1
    while end > position:
        if segment.match("/".join(path[position:end]), values) and _match_spans(
            segments, index + 1, path, end, values
        ):
            return True
        end -= 1
    return False


class _Variable:
    """A variable of a URL pattern: its name, its type, and the text around it."""

    def __init__(
        self, text: str, custom_types: "dict[str, tuple[str, Callable[[str], Any] | None]]"
    ) -> None:
        self.prefix, _, rest = text.partition("<")
        # A regular expression may hold a '>' itself: the last one closes.
        inner, self.suffix = rest.rsplit(">", 1)
        kind, colon, self.name = inner.rpartition(":")
        if not colon:
            kind = "string"
        if not self.name or "<" in self.name or ">" in self.name:
            raise ValueError("URL segment must be one '<name>' or '<type:name>': " + text)
        self.parser: Callable[[str], Any] | None = None
        expression = None
        if kind in custom_types:
            expression, self.parser = custom_types[kind]
        elif kind[:3] == "re:":
            expression = kind[3:]
        elif kind not in ("string", "int", "path"):
            raise ValueError("unknown type of URL segment: " + kind)
        self.regex = None
        if expression is not None and expression != _ANY_SEGMENT:
            try:
                self.regex = re.compile("^(?:" + expression + ")$")
            except Exception as exc:  # each interpreter has its own
                raise ValueError("malformed regular expression: " + expression) from exc
        self.is_int = kind == "int" and expression is None
        self.spans = kind == "path" or self.regex is not None

    def match(self, text: str, values: "dict[str, Any]") -> bool:
        """Put the variable's value into `values`, if the text matches."""
        if self.prefix or self.suffix:
            end = len(text) - len(self.suffix)
            if (
                end < len(self.prefix)
                or text[: len(self.prefix)] != self.prefix
                or text[end:] != self.suffix
            ):
                return False
            text = text[len(self.prefix) : end]
        value: Any = text
        if self.is_int:
            value = _parse_int(text)
        elif self.regex is not None:
            found = self.regex.match(text)
            # '$' also matches before a line end on CPython.
            if not found or found.group(0) != text:
                return False
        elif not text:
            return False
        if self.parser is not None:
            value = self.parser(text)
        if value is None:
            return False
        values[self.name] = value
        return True


def _parse_int(text: str) -> "int | None":
    digits = text[1:] if text[:1] == "-" else text
    try:
        return int(text) if digits.isdigit() else None
    except ValueError:  # digits of other scripts, or more than CPython converts
        return None


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
