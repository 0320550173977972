"""The two dictionaries of a request: many values per key, and keys without case."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    _Dict = dict[str, Any]
else:
    _Dict = dict  # MicroPython cannot subscript types


class MultiDict(_Dict):
    """A dictionary whose keys can have several values, as query strings and forms do.

    Setting a key adds a value; reading it gives the first one. What it stores, and what
    `items()`, `values()` and `==` work on, are the lists of values.

    :param initial_dict: a mapping of one value for each key.
    """

    def __init__(self, initial_dict: "dict[str, Any] | None" = None) -> None:
        super().__init__()
        if initial_dict:
            for key, value in initial_dict.items():
                self[key] = value

    def __setitem__(self, key: str, value: "Any") -> None:
        values = super().get(key)
        if values is None:
            super().__setitem__(key, [value])
        else:
            values.append(value)

    def __getitem__(self, key: str) -> "Any":
        return super().__getitem__(key)[0]

    def get(
        self, key: str, default: "Any" = None, type: "Callable[[Any], Any] | None" = None
    ) -> "Any":
        """Return the first value of a key.

        :param default: what to return for a key that is absent, as it is.
        :param type: converts the value, `int` for example; what it raises is not caught.
        """
        values = super().get(key)
        if values is None:
            return default
        return values[0] if type is None else type(values[0])

    def getlist(self, key: str, type: "Callable[[Any], Any] | None" = None) -> "list[Any]":
        """Return all values of a key, an empty list if it is absent.

        :param type: converts each value.
        """
        values = super().get(key)
        if values is None:
            return []
        return list(values) if type is None else [type(value) for value in values]


class NoCaseDict(_Dict):
    """A dictionary whose keys are compared without case, as header names are.

    A key keeps the spelling it was first set with.

    :param initial_dict: a mapping to start from.
    """

    def __init__(self, initial_dict: "dict[str, Any] | None" = None) -> None:
        super().__init__()
        self._spelling: dict[str, str] = {}
        if initial_dict:
            self.update(initial_dict)

    def __setitem__(self, key: str, value: "Any") -> None:
        super().__setitem__(self._spelling.setdefault(key.lower(), key), value)

    def __getitem__(self, key: str) -> "Any":
        return super().__getitem__(self._spelling.get(key.lower(), key))

    def __delitem__(self, key: str) -> None:
        super().__delitem__(self._spelling.pop(key.lower(), key))

    def __contains__(self, key: object) -> bool:
        return key.lower() in self._spelling  # type: ignore[attr-defined]

    def get(self, key: str, default: "Any" = None) -> "Any":
        """Return the value of a key, or `default`."""
        return super().get(self._spelling.get(key.lower(), key), default)

    def pop(self, key: str, *default: "Any") -> "Any":
        """Remove a key and return its value, or the default if one is given."""
        return super().pop(self._spelling.pop(key.lower(), key), *default)

    def setdefault(self, key: str, default: "Any" = None) -> "Any":
        """Return the value of a key, set to `default` first if it is absent."""
        return super().setdefault(self._spelling.setdefault(key.lower(), key), default)

    def update(self, other_dict: "dict[str, Any]") -> None:  # type: ignore[override]
        """Set every key of another mapping."""
        for key, value in other_dict.items():
            self[key] = value
