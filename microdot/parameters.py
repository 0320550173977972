"""Parameters of header values: `name=value; name="quoted value"`."""


def parse_parameters(text: str, separator: str = ";") -> "dict[str, str]":
    """Parse parameters (RFC 9110 section 5.6.6) or authentication parameters (section 11.2).

    A backslash quotes only `"` and itself: some clients send paths with plain ones.

    :param text: the parameters, without what is before the first one.
    :param separator: what is between them.
    :returns: the values by name in lower case; of a name that is repeated the first counts.
    """
    parameters: dict[str, str] = {}
    while text:
        name, _, text = text.partition("=")
        name = name.replace(separator, " ").strip().lower()
        text = text.lstrip()
        if text[:1] == '"':
            value, text = _unquote(text)
            text = text.partition(separator)[2]
        else:
            value, _, text = text.partition(separator)
            value = value.strip()
        if name and name not in parameters:
            parameters[name] = value
    return parameters


def _unquote(text: str) -> "tuple[str, str]":
    """Return the value of a quoted string, and what follows it."""
    parts = []
    start = position = 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and text[position + 1 : position + 2] in ('"', "\\"):
            parts.append(text[start:position])
            position += 1
            start = position
        position += 1
    parts.append(text[start:position])
    return "".join(parts), text[position + 1 :]
