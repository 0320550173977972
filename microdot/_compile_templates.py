"""The command that compiles a folder of templates; CPython only, never frozen."""

import argparse
import sys
from pathlib import Path

from .template_compiler import compile_template
from .utemplate import TemplateError


def compile_folder(source: Path, target: Path) -> "list[Path]":
    """Compile all templates below a folder.

    Files whose names begin with a dot, and Python modules, are no templates.

    :param source: the folder of templates.
    :param target: the folder for the modules; those of templates that are gone stay.
    :returns: the modules.
    :raises TemplateError: if a template is malformed, or two would become one module.
    :raises OSError: if a file cannot be read or written.
    """
    templates: dict[Path, str] = {}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if not path.is_file() or path.suffix == ".py" or f"/{name}".find("/.") >= 0:
            continue
        module = target / (name.replace(".", "_") + ".py")
        if module in templates:
            raise TemplateError(name, 0, f"{templates[module]} would become the same module")
        templates[module] = name

    def exists(name: str) -> bool:
        return (source / name).is_file()

    for module, name in templates.items():
        text = (source / name).read_text(encoding="utf-8")
        code = compile_template(name, text, exists)
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(code, encoding="utf-8")
    return list(templates)


def main(arguments: "list[str] | None" = None) -> int:
    """Run the command.

    :returns: the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="python -m microdot.template_compiler",
        description="Compile a folder of templates to Python modules, which can be frozen.",
    )
    parser.add_argument("source", type=Path, metavar="SRC_DIR", help="the folder of templates")
    parser.add_argument("target", type=Path, metavar="DST_DIR", help="the folder for the modules")
    options = parser.parse_args(arguments)
    if not options.source.is_dir():
        print(f"{options.source} is no folder", file=sys.stderr)
        return 1
    try:
        compile_folder(options.source, options.target)
    except (TemplateError, OSError, UnicodeError) as exc:
        print(f"{options.source}: {exc}", file=sys.stderr)
        return 1
    return 0
