"""Templates with Jinja; CPython only, it needs the package `jinja2`."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from jinja2 import Environment, FileSystemLoader


class Template:
    """A template.

    :param template: its name, that of a file in the folder of templates.
    :param kwargs: arguments for Jinja's `Environment.get_template`.
    :raises jinja2.TemplateNotFound: if there is none of that name.
    """

    #: Jinja's environment, None until `initialize` was called.
    jinja_env: "Environment | None" = None

    @classmethod
    def initialize(
        cls, template_dir: str = "templates", enable_async: bool = False, **kwargs: Any
    ) -> None:
        """Make the environment. It need not be called for the defaults.

        :param template_dir: the folder of templates.
        :param enable_async: whether templates can be rendered asynchronously.
        :param kwargs: arguments for Jinja's `Environment`; HTML is escaped in templates of
                       all names unless `autoescape` says otherwise.
        """
        kwargs.setdefault("loader", FileSystemLoader(template_dir))
        kwargs.setdefault("autoescape", True)
        Template.jinja_env = Environment(enable_async=enable_async, **kwargs)

    def __init__(self, template: str, **kwargs: Any) -> None:
        if Template.jinja_env is None:
            Template.initialize()
        assert Template.jinja_env is not None
        #: its name
        self.name = template
        #: Jinja's template
        self.template = Template.jinja_env.get_template(template, **kwargs)

    def generate(self, *args: Any, **kwargs: Any) -> "Iterator[str]":
        """Return an iterator over the text, which can be the body of a response."""
        return self.template.generate(*args, **kwargs)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the text."""
        return self.template.render(*args, **kwargs)

    def generate_async(self, *args: Any, **kwargs: Any) -> "AsyncIterator[str]":
        """Return an asynchronous iterator over the text; needs `enable_async`."""
        return self.template.generate_async(*args, **kwargs)

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        """Return the text; needs `enable_async`."""
        return await self.template.render_async(*args, **kwargs)
