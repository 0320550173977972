"""The variables of URL patterns. Loaded when a pattern that has one is first matched."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: What one segment of any path matches.
ANY_SEGMENT = "[^/]+"


def segment_end(text: str) -> int:
    """Find the slash that ends the first segment: not one inside of angle brackets."""
    slash = text.find("/", 1)
    opening = text.find("<", 1)
    if slash < 0 or (0 <= opening < slash):
        closing = text.find(">", opening) if opening >= 0 else 0
        if closing < 0:
            raise ValueError("URL pattern without a closing '>': " + text)
        slash = text.find("/", closing or 1)
    return slash if slash >= 0 else len(text)


def match_spans(
    segments: "list[str | Variable]",
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
        return segment == path[position] and match_spans(
            segments, index + 1, path, position + 1, values
        )
    # Each segment of the pattern that follows takes one of the path at least.
    end = len(path) - (len(segments) - index - 1) if segment.spans else position + 1
    while end > position:
        if segment.match("/".join(path[position:end]), values) and match_spans(
            segments, index + 1, path, end, values
        ):
            return True
        end -= 1
    return False


class Variable:
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
        if expression is not None and expression != ANY_SEGMENT:
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
