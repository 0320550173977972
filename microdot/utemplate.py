"""Templates in the language of uTemplate, with HTML escaped.

What can stand in a template is in the documentation; `template_compiler` makes Python
modules of them, on the host or when a template is first used.
"""

import os
import sys

from .compat import MICROPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Pieces are joined to portions of about so many characters: each write costs time.
_PORTION = 512


class TemplateError(Exception):
    """A template that cannot be found, compiled or rendered.

    :param name: the template.
    :param line: where it went wrong, 0 if that is not known.
    :param reason: what went wrong.
    """

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(f"{name}, line {line}: {reason}" if line else f"{name}: {reason}")


class Raw:
    """HTML that is not escaped; see `raw`."""

    def __init__(self, html: str) -> None:
        self._html = html

    def __html__(self) -> str:
        """Return the HTML; other libraries have objects with this method, too."""
        return self._html

    __str__ = __html__


def raw(value: object) -> Raw:
    """Mark a value as HTML, so that it is put into the page as it is."""
    return Raw(str(value))


def escape(value: object) -> str:
    """Return a value as text that is safe in HTML, in quoted attributes too."""
    if hasattr(value, "__html__"):
        html: str = value.__html__()
        return html
    text = str(value)
    if Template.autoescape and not isinstance(value, int):
        for character, entity in (
            ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"),
        ):  # fmt: skip
            text = text.replace(character, entity)
    return text


def include(name: str) -> "Callable[..., Any]":
    """Return the generator function of another template."""
    return Template.load(name)


def fail(name: str, line: int, exc: Exception) -> Exception:
    """Return the exception to raise for one in a template: it says where that was.

    Those that end the request with a status stay what they are.
    """
    if isinstance(exc, TemplateError) or hasattr(exc, "status_code"):
        return exc
    error = TemplateError(name, line, type(exc).__name__ + ": " + str(exc))
    error.__cause__ = exc
    return error


class CompiledLoader:
    """Loads templates that were compiled to modules, which may be frozen.

    :param pkg: not used.
    :param template_dir: the folder, which is imported as a package.
    """

    def __init__(self, pkg: "str | None", template_dir: str) -> None:
        self._dir = template_dir
        package = template_dir.strip("./").replace("/", ".")
        self._prefix = package + "." if package else ""

    def load(self, name: str) -> "Callable[..., Any]":
        """Return the generator function of a template.

        :raises TemplateError: if there is none of that name.
        """
        module = self._prefix + name.replace(".", "_").replace("/", ".")
        try:
            render: Callable[..., Any] = __import__(module, None, None, ["render"]).render
        except ImportError as exc:
            raise TemplateError(name, 0, "not found in " + self._dir + ": " + str(exc)) from None
        return render


def _find_folder(name: str) -> str:
    """Return the path of a folder: in the current one, or where modules are looked for."""
    for root in [""] + sys.path:  # noqa: RUF005 (MicroPython)
        path = root + "/" + name if root else name
        try:
            os.stat(path)
        except OSError:
            continue
        return path
    return name


class SourceLoader(CompiledLoader):
    """Compiles templates when they are first used, unless there is a compiled one.

    :param pkg: not used.
    :param template_dir: the folder.
    """

    def __init__(self, pkg: "str | None", template_dir: str) -> None:
        super().__init__(pkg, template_dir)
        self._dir = _find_folder(template_dir)
        self._loaded: dict[str, Any] = {}

    def load(self, name: str) -> "Callable[..., Any]":
        """Return the generator function of a template; see `CompiledLoader.load`."""
        if name not in self._loaded:
            try:
                self._loaded[name] = super().load(name)
            except TemplateError:
                self._loaded[name] = self._compile(name)
        render: Callable[..., Any] = self._loaded[name]
        return render

    def _compile(self, name: str) -> "Callable[..., Any]":
        from .template_compiler import compile_template

        try:
            with open(self._dir + "/" + name, encoding="utf-8") as f:
                text = f.read()
        except OSError:
            raise TemplateError(name, 0, "not found in " + self._dir) from None
        code = compile_template(name, text)
        namespace: dict[str, Any] = {}
        try:
            exec(code, namespace)
        except SyntaxError as exc:
            raise TemplateError(name, 0, str(exc)) from None
        render: Callable[..., Any] = namespace["render"]
        return render


class RecompileLoader(SourceLoader):
    """Compiles templates when they are first used, and again when they have changed.

    :param pkg: not used.
    :param template_dir: the folder.
    """

    def load(self, name: str) -> "Callable[..., Any]":
        """Return the generator function of a template; see `CompiledLoader.load`."""
        try:
            status = os.stat(self._dir + "/" + name)
        except OSError:
            return super().load(name)
        stamp = (status[6], status[8])  # size and time; clocks of devices are often wrong
        loaded = self._loaded.get(name)
        if not isinstance(loaded, tuple) or loaded[0] != stamp:
            self._loaded[name] = loaded = (stamp, self._compile(name))
        render: Callable[..., Any] = loaded[1]
        return render


class Template:
    """A template.

    :param template: its name, that of a file in the folder of templates.
    :raises TemplateError: if there is none of that name, or it is malformed.
    """

    #: Whether values are escaped; see `initialize`.
    autoescape = True
    _loader: "Any" = None

    @classmethod
    def initialize(
        cls,
        template_dir: str = "templates",
        loader_class: "Callable[[str | None, str], Any]" = RecompileLoader,
        autoescape: "bool | None" = None,
    ) -> None:
        """Set where templates come from. It need not be called for the defaults.

        :param template_dir: the folder, in the current one or where modules are looked for.
        :param loader_class: `CompiledLoader`, `SourceLoader` or `RecompileLoader`.
        :param autoescape: whether to escape HTML in values. It is the default, but one that
                           is announced, because uTemplate does not.
        """
        Template._loader = loader_class(None, template_dir)
        Template.autoescape = autoescape is not False
        if autoescape is None:
            print(
                "templates: HTML in values is escaped, but not in {{ raw(value) }};"
                " Template.initialize(autoescape=...) decides and ends this message"
            )

    @staticmethod
    def load(name: str) -> "Callable[..., Any]":
        """Return the generator function of a template."""
        if Template._loader is None:
            Template.initialize()
        if ".." in name:
            raise TemplateError(name, 0, "the name leaves the folder of templates")
        render: Callable[..., Any] = Template._loader.load(name)
        return render

    def __init__(self, template: str) -> None:
        #: its name
        self.name = template
        self._render = self.load(template)

    def _start(self, args: "tuple[Any, ...]", kwargs: "dict[str, Any]") -> "Any":
        try:
            return self._render(*args, **kwargs)
        except TypeError as exc:
            raise TemplateError(self.name, 0, "wrong arguments: " + str(exc)) from None

    def generate(self, *args: "Any", **kwargs: "Any") -> "Output":
        """Return an iterator over the text, which can be the body of a response."""
        return Output(self.name, self._start(args, kwargs))

    def render(self, *args: "Any", **kwargs: "Any") -> str:
        """Return the text.

        :raises TemplateError: if something in it fails.
        """
        return "".join(self.generate(*args, **kwargs))

    def generate_async(self, *args: "Any", **kwargs: "Any") -> "AsyncOutput":
        """Return an asynchronous iterator over the text; the template may use `await`."""
        return AsyncOutput(self._start(args, kwargs))

    async def render_async(self, *args: "Any", **kwargs: "Any") -> str:
        """Return the text; the template may use `await`. See `render`."""
        portions = []
        async for portion in self.generate_async(*args, **kwargs):
            portions.append(portion)
        return "".join(portions)


class Output:
    """Joins the pieces of a template to portions.

    :param name: the template.
    :param pieces: its generator.
    """

    def __init__(self, name: str, pieces: "Any") -> None:
        if hasattr(pieces, "__anext__"):
            raise _uses_await(name)
        self._name = name
        self._pieces = pieces

    def __iter__(self) -> "Output":
        return self

    def __next__(self) -> str:
        """Return the next portion."""
        parts: list[str] = []
        size = 0
        for piece in self._pieces:
            if not isinstance(piece, str):
                raise _uses_await(self._name)
            parts.append(piece)
            size += len(piece)
            if size >= _PORTION:
                break
        if not parts:
            raise StopIteration
        return "".join(parts)

    def close(self) -> None:
        """End the template early."""
        self._pieces.close()


def _uses_await(name: str) -> TemplateError:
    return TemplateError(name, 0, "it uses await; call render_async or generate_async")


class AsyncOutput:
    """Joins the pieces of a template, which may use `await`, to portions.

    :param pieces: its generator, asynchronous or not.
    """

    def __init__(self, pieces: "Any") -> None:
        self._pieces = pieces

    def __aiter__(self) -> "AsyncOutput":
        return self

    if TYPE_CHECKING or not MICROPYTHON:

        async def __anext__(self) -> str:
            """Return the next portion."""
            parts: list[str] = []
            size = 0
            pieces = self._pieces
            is_async = hasattr(pieces, "__anext__")
            while size < _PORTION:
                try:
                    piece = await pieces.__anext__() if is_async else next(pieces)
                except (StopIteration, StopAsyncIteration):
                    break
                parts.append(piece)
                size += len(piece)
            if not parts:
                raise StopAsyncIteration
            return "".join(parts)

        async def aclose(self) -> None:
            """End the template early."""
            if hasattr(self._pieces, "aclose"):
                await self._pieces.aclose()
            else:
                self._pieces.close()

    else:

        def __anext__(self):
            """Return the next portion.

            One kind of generator does for both here: it yields text, and what `await` has to
            tell the event loop, which is passed on.
            """
            parts = []
            size = 0
            for piece in self._pieces:
                if isinstance(piece, str):
                    parts.append(piece)
                    size += len(piece)
                    if size >= _PORTION:
                        break
                else:
                    yield piece
            if not parts:
                raise StopAsyncIteration
            return "".join(parts)

        async def aclose(self):
            """End the template early."""
            self._pieces.close()
