"""What annotations and docstrings say, for `openapi`; CPython only, never frozen."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from .openapi import is_schema, make_schema


def describe_function(f: "Callable[..., Any]", schemas: "dict[str, Any]") -> "dict[str, Any]":
    """Return what the docstring and the annotations of a handler say, as for `describe`.

    :param schemas: named schemas, to which those of classes are added.
    """
    described: dict[str, Any] = {}
    summary, _, rest = (inspect.getdoc(f) or "").partition("\n")
    if summary:
        described["summary"] = summary.strip().rstrip(".")
    if rest.strip():
        described["description"] = rest.strip()
    try:
        hints = typing.get_type_hints(f)
    except (NameError, TypeError):
        return described  # names that exist for the type checker only
    result = hints.pop("return", Any)
    if typing.get_origin(result) is tuple:
        result = typing.get_args(result)[0]
    if result is type(None):
        described["responses"] = {204: "No Content"}
    elif result is not Any:
        shape = annotation_to_shape(result, schemas)
        try:
            make_schema(shape)
            described["responses"] = {200: shape}
        except TypeError:
            pass  # a Response, or something else that says nothing about the body
    path = {}
    for name, hint in hints.items():
        try:
            path[name] = make_schema(annotation_to_shape(hint, schemas))
        except TypeError:
            continue  # the request
    described["path"] = path
    return described


def annotation_to_shape(annotation: Any, schemas: "dict[str, Any]") -> Any:
    """Return the shape of a type, for `make_schema`, which checks it.

    :param annotation: a type as annotations have them; a shape is returned as it is.
    :param schemas: named schemas, to which those of classes are added.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, list):
        return [annotation_to_schema(annotation[0], schemas)]
    if dataclasses.is_dataclass(annotation) or typing.is_typeddict(annotation):
        return _name_class(typing.cast("type", annotation), schemas)
    if annotation is type(None):
        return None
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [annotation_to_schema(a, schemas) for a in arguments]}
    if origin in (list, set, tuple):
        return [annotation_to_schema(arguments[0], schemas)]
    if origin is dict:
        values = annotation_to_schema(arguments[1], schemas)
        return {"type": "object", "additionalProperties": values}
    if origin is typing.Annotated:
        return annotation_to_shape(arguments[0], schemas)
    if annotation is Any:
        return {}
    if isinstance(annotation, dict) and not is_schema(annotation):
        return {name: annotation_to_shape(annotation[name], schemas) for name in annotation}
    return annotation


def annotation_to_schema(annotation: Any, schemas: "dict[str, Any]") -> "dict[str, Any]":
    """Return the JSON Schema of a type; see `annotation_to_shape`."""
    return make_schema(annotation_to_shape(annotation, schemas))


def _name_class(cls: type, schemas: "dict[str, Any]") -> "dict[str, Any]":
    """Add the schema of a dataclass or a TypedDict, and return a reference to it."""
    name = cls.__name__
    reference = {"$ref": "#/components/schemas/" + name}
    if name in schemas:
        return reference
    schemas[name] = {}  # it may refer to itself
    if dataclasses.is_dataclass(cls):
        optional = {
            field.name
            for field in dataclasses.fields(cls)
            if field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
        }
    else:
        optional = set(getattr(cls, "__optional_keys__", ()))
    shape = {}
    for field, hint in typing.get_type_hints(cls).items():
        key = field + "?" if field in optional else field
        shape[key] = annotation_to_schema(hint, schemas)
    schemas[name] = make_schema(shape)
    text = inspect.getdoc(cls)
    if text and not text.startswith(name + "("):
        schemas[name]["description"] = text
    return reference
