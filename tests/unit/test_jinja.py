"""Templates with Jinja: the same front as `utemplate`."""

import asyncio

import jinja2
import pytest

from microdot import Microdot
from microdot.jinja import Template
from microdot.test_client import TestClient


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Template, "jinja_env", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/t.txt").write_text("{% for i in items %}{{ i }}{% endfor %}")
    return tmp_path


def test_without_initialize():
    template = Template("t.txt")
    assert template.name == "t.txt"
    assert template.render(items=["<", 1]) == "&lt;1"
    assert "".join(template.generate(items="ab")) == "ab"


def test_async():
    Template.initialize(enable_async=True)
    template = Template("t.txt")

    async def collect():
        portions = [portion async for portion in template.generate_async(items="ab")]
        return "".join(portions), await template.render_async(items="cd")

    assert asyncio.run(collect()) == ("ab", "cd")


def test_options(folder):
    (folder / "other").mkdir()
    (folder / "other/x.html").write_text("[[ x ]]")
    Template.initialize("other", variable_start_string="[[", variable_end_string="]]")
    assert Template("x.html").render(x="<") == "&lt;"
    Template.initialize("other", autoescape=False)
    assert Template("x.html", globals={"y": 1}).render() == "[[ x ]]"
    assert isinstance(Template.jinja_env, jinja2.Environment)
    with pytest.raises(jinja2.TemplateNotFound):
        Template("t.txt")


def test_in_responses():
    Template.initialize(enable_async=True)
    app = Microdot()
    app.add_route("/", lambda request: Template("t.txt").generate_async(items="ab"))
    assert asyncio.run(TestClient(app).get("/")).text == "ab"
