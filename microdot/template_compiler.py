"""Compiles templates to Python modules, on the host or on the device.

`python -m microdot.template_compiler SRC_DIR DST_DIR` compiles a folder.
"""

from .utemplate import TemplateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_END = {"{": "}}", "%": "%}", "#": "#}"}
_BLOCKS = ("if", "for", "while")
# What compiled modules import of `utemplate`, and the name that tells that they need it.
_IMPORTS = (
    ("escape as e_", "e_("),
    ("include as i_", "i_("),
    ("AsyncOutput as a_", "a_("),
    ("raw", "raw"),
)


def compile_template(
    name: str, text: str, check_include: "Callable[[str], bool] | None" = None
) -> str:
    """Compile a template to the source of a Python module.

    :param name: the template's name, for errors.
    :param text: the template.
    :param check_include: tells whether there is a template of a name.
    :raises TemplateError: if the template is malformed.
    """
    return _Compiler(name, check_include).compile(text.replace("\r\n", "\n"))


class _Compiler:
    """Compiles one template: text and tags in, lines of Python out."""

    def __init__(self, name: str, check_include: "Callable[[str], bool] | None") -> None:
        self._name = name
        self._check_include = check_include
        self._arguments = "*a, **d"
        self._body: list[str] = []
        self._indent = 2
        # Keyword, line and indentation of the blocks that are open, and whether in their `else`.
        self._blocks: list[tuple[str, int, int, bool]] = []
        self._line = 1
        self._marked = 1  # the line that `n_` has when the next statement runs, if known
        self._prefix = ""

    def _fail(self, reason: str, line: int = 0) -> TemplateError:
        return TemplateError(self._name, line or self._line, reason)

    def compile(self, text: str) -> str:
        """Compile a template."""
        tags = self._split(text)
        if any([kind in "{%" and "await " in code for kind, code, _ in tags]):  # noqa: C419
            self._prefix = "async "
        for kind, code, line in tags:
            self._line = line
            if not kind:
                self._add("yield " + repr(code))
            elif kind == "{":
                self._add_expression(code)
            elif kind == "%":
                keyword, _, rest = code.partition(" ")
                self._add_statement(keyword, rest.strip())
        if self._blocks:
            keyword, line = self._blocks[-1][:2]
            raise self._fail("'" + keyword + "' without 'end" + keyword + "'", line)
        return self._make_module()

    def _split(self, text: str) -> "list[tuple[str, str, int]]":
        """Split a template into text and tags: the character that tells the kind, code, line."""
        parts = []
        position = 0
        line = 1
        while True:
            start = _find_tag(text, position)
            if start != position:
                parts.append(("", text[position:start] if start >= 0 else text[position:], line))
            if start < 0:
                return [part for part in parts if part[1]]
            line += text.count("\n", position, start)
            kind = text[start + 1]
            end = text.find(_END[kind], start + 2)
            if end < 0:
                raise self._fail("'{" + kind + "' is never closed", line)
            code = text[start + 2 : end].replace("\n", " ").strip()
            if not code and kind != "#":
                raise self._fail("a tag with nothing in it", line)
            parts.append((kind, code, line))
            position = end + 2
            if kind != "{" and text[position : position + 1] == "\n":
                position += 1  # a line with nothing but a tag is no empty line of the output
            line += text.count("\n", start, position)

    def _make_module(self) -> str:
        if not any(["yield " in line for line in self._body]):  # noqa: C419
            self._add("yield ''")
        body = "\n".join(self._body)
        imports = ["fail as f_"] + [name for name, sign in _IMPORTS if sign in body]
        return (
            f"# {self._name}, compiled\n"
            f"from microdot.utemplate import {', '.join(imports)}\n"
            f"{self._prefix}def render({self._arguments}):\n"
            " n_ = 1\n"
            " try:\n"
            f"{body}\n"
            " except Exception as x_:\n"
            f"  raise f_({self._name!r}, n_, x_)\n"
        )

    def _add(self, statement: str) -> None:
        self._body.append(" " * self._indent + statement)

    def _mark(self) -> None:
        """Keep the line, for an error when it is rendered."""
        if self._marked != self._line:
            self._marked = self._line
            self._add("n_ = " + str(self._line))

    def _check(self, code: str, start: str = "", end: str = "") -> None:
        """Have Python check what a tag holds.

        :param start: what makes a statement of it.
        :param end: the rest of that statement.
        """
        if start[:4] != "def ":
            start = "def f_():\n " + start
        try:
            compile(self._prefix + start + code + end, self._name, "exec")
        except SyntaxError as exc:
            reason = getattr(exc, "msg", None) or str(exc)
            raise self._fail("in '" + code + "': " + reason) from None

    def _add_expression(self, code: str) -> None:
        is_generator = code[:11] == "yield from "
        if is_generator:
            code = code[11:]
        self._check(code, "[", "]")
        self._mark()
        if is_generator:
            self._add_pieces(code, "for c_ in " + code + ":")
        else:
            self._add("yield e_((" + code + "))" if "," in code else "yield e_(" + code + ")")

    def _add_pieces(self, code: str, loop: str) -> None:
        """Add all that an iterable gives; asynchronous generators know no `yield from`."""
        if self._prefix:
            self._add(loop)
            self._add(" yield c_")
        else:
            self._add("yield from " + code)

    def _add_statement(self, keyword: str, rest: str) -> None:
        if keyword == "args":
            self._check(rest, "def f_(", "):\n pass")
            self._arguments = rest
        elif keyword == "set":
            self._check(rest)
            self._mark()
            self._add(rest)
        elif keyword == "include":
            self._add_include(rest)
        elif keyword in _BLOCKS:
            self._check(keyword + " " + rest, "", ":\n  pass")
            self._mark()
            self._blocks.append((keyword, self._line, self._indent, False))
            self._begin(keyword + " " + rest)
        elif keyword in ("elif", "else"):
            self._continue_block(keyword, rest)
        elif keyword[:3] == "end" and keyword[3:] in _BLOCKS:
            if not self._blocks or self._blocks[-1][0] != keyword[3:]:
                raise self._fail("'" + keyword + "' without '" + keyword[3:] + "'")
            self._indent = self._blocks.pop()[2]
            self._marked = 0
        else:
            raise self._fail("unknown tag '" + keyword + "'")

    def _begin(self, header: str) -> None:
        self._add(header + ":")
        self._indent += 1
        self._add("pass")  # there may be nothing in it
        self._marked = 0

    def _continue_block(self, keyword: str, rest: str) -> None:
        opener, line, indent, in_else = self._blocks[-1] if self._blocks else ("", 0, 0, True)
        if in_else or (keyword == "elif" and opener != "if"):
            raise self._fail("'" + keyword + "' in the wrong place")
        self._indent -= 1
        self._begin("else")
        if keyword == "elif":
            # An `if` in the `else`, so that the line of the condition can be kept.
            self._check(rest, "if ", ":\n  pass")
            self._mark()
            self._begin("if " + rest)
        else:
            self._blocks[-1] = (opener, line, indent, True)

    def _add_include(self, rest: str) -> None:
        """Add another template: of a name in quotes, or of an expression in braces."""
        if rest[:2] == "{{":
            name, closed, arguments = rest[2:].partition("}}")
        elif rest[:1] in ("'", '"'):
            name, closed, arguments = rest[1:].partition(rest[0])
            if closed and self._check_include and not self._check_include(name):
                raise self._fail("there is no template '" + name + "'")
            name = repr(name)
        else:
            closed = ""
        if not closed:
            raise self._fail("'include' needs a name in quotes or in {{ }}")
        call = "i_(" + name.strip() + ")(" + arguments.strip() + ")"
        self._check(arguments, "i_(" + name.strip() + ")(", ")")
        self._mark()
        self._add_pieces(call, "async for c_ in a_(" + call + "):")


def _find_tag(text: str, position: int) -> int:
    """Return where the next tag begins, or -1."""
    while True:
        position = text.find("{", position)
        if position < 0 or text[position + 1 : position + 2] in _END:
            return position
        position += 1


if __name__ == "__main__":
    from ._compile_templates import main

    raise SystemExit(main())
