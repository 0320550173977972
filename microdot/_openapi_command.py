"""The command that writes an application's OpenAPI document; CPython only, never frozen."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from . import server
from .openapi import OpenAPI


def load_document(path: Path) -> "dict[str, Any]":
    """Return the document of the first `OpenAPI` object in an application.

    :param path: the application, a file; it is imported, but does not serve.
    :raises ValueError: if there is no such object in it.
    """
    spec = importlib.util.spec_from_file_location("app", path)
    if spec is None or spec.loader is None:
        raise ValueError("is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    sys.path.insert(0, str(path.parent))
    server.handover = lambda *_: None
    spec.loader.exec_module(module)
    # `python -m` has loaded that module as `__main__`, the application as itself.
    for value in vars(module).values():
        if type(value).__name__ == OpenAPI.__name__ and hasattr(value, "make_document"):
            document: dict[str, Any] = value.make_document()
            return document
    raise ValueError("has no OpenAPI object at its top level")


def main(arguments: "list[str] | None" = None) -> int:
    """Run the command.

    :returns: the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="python -m microdot.openapi",
        description="Write the OpenAPI document of an application.",
    )
    parser.add_argument("app", type=Path, help="the application, a Python file")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="where to write it; a name with .py gives a module with the constant DOCUMENT, "
        "which can be frozen",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        text = json.dumps(load_document(options.app), indent=None if options.output else 2)
        if options.output is None:
            print(text)
        elif options.output.suffix == ".py":
            options.output.write_text(f"DOCUMENT = {text.encode()!r}\n", encoding="utf-8")
        else:
            options.output.write_text(text + "\n", encoding="utf-8")
    except Exception as exc:  # whatever an application raises
        print(f"{options.app}: {type(exc).__name__}: {exc}", file=sys.stderr)
        return 1
    return 0
