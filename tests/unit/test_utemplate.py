"""The template language, its errors, the loaders, and both interpreters."""

import asyncio
import html
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microdot import Microdot, abort
from microdot.template_compiler import compile_template
from microdot.test_client import TestClient
from microdot.utemplate import (
    CompiledLoader,
    RecompileLoader,
    SourceLoader,
    Template,
    TemplateError,
    escape,
    raw,
)

from .unix_port import ROOT, run_unix


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for templates, and an application that looks there."""
    templates = tmp_path / "templates"
    templates.mkdir()
    monkeypatch.setattr(Template, "_loader", None)
    monkeypatch.setattr(Template, "autoescape", True)
    Template.initialize(str(templates), autoescape=True)
    return templates


def render(folder, text, *args, **kwargs):
    (folder / "t.html").write_text(text)
    return Template("t.html").render(*args, **kwargs)


# Template, arguments, and what comes out.
CASES = [
    ("", (), ""),
    ("plain { text } {", (), "plain { text } {"),
    ("{% args a, b %}\n{{ a }}-{{b}}", (1, "x"), "1-x"),
    ("{% args a, b=2 %}{{ a + b }}", (1,), "3"),
    ("{{ d['x'] }}", (), None),
    ("{% args x %}{% if x == 1 %}one{% elif x == 2 %}two{% elif x == 3 %}three"
     "{% else %}many{% endif %}!", (1,), "one!"),
    ("{% args x %}{% if x == 1 %}one{% elif x == 2 %}two{% elif x == 3 %}three"
     "{% else %}many{% endif %}!", (3,), "three!"),
    ("{% args x %}{% if x == 1 %}one{% elif x == 2 %}two{% elif x == 3 %}three"
     "{% else %}many{% endif %}!", (4,), "many!"),
    ("{% args l %}{% for i in l %}{{ i }},{% endfor %}", ([1, 2, 3],), "1,2,3,"),
    ("{% args l %}{% for i, x in enumerate(l) %}{% if i %}-{% endif %}{{ x }}{% endfor %}.",
     ("abc",), "a-b-c."),
    ("{% args l %}{% for i in l %}x{% else %}none{% endfor %}", ([],), "none"),
    ("{% set n = 3 %}{% while n %}{{ n }}{% set n = n - 1 %}{% endwhile %}", (), "321"),
    ("{% if False %}{% endif %}", (), ""),
    ("{# {{ nothing }} {% here %} #}a{# b\nc #}d", (), "ad"),
    ("{% set a = 1, 2 %}{{ a }}{{ a, 3 }}", (), "(1, 2)((1, 2), 3)"),
    ("{{ yield from ['a', 'b'] }}", (), "ab"),
    ("{% set x = '<b>' %}{{ x }}{{ raw(x) }}<i>", (), "&lt;b&gt;<b><i>"),
    ("{{ 'é' + \"'&\" }}é\n\\'", (), "é&#39;&amp;é\n\\'"),
    ("a\n{% if True %}\nb\n{% endif %}\nc\n", (), "a\nb\nc\n"),
    ("a\r\n{% if True %}\r\nb\r\n{% endif %}\r\nc", (), "a\nb\nc"),
    ("{% args x=[1] %}{{ x\n [0] }}", (), "1"),
    ("{{ 2 * {'a': 4 }['a'] }}", (), "8"),
    ("{% if True %}{% if True %}{% for i in 'ab' %}{{ i }}{% endfor %}{% endif %}{% endif %}", (),
     "ab"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "args", "expected"), CASES)
def test_language(folder, text, args, expected):
    if expected is None:
        assert render(folder, text, x="named") == "named"
    else:
        assert render(folder, text, *args) == expected


def test_language_on_micropython(tmp_path):
    """The same cases, compiled there; and the same module comes out."""
    (tmp_path / "templates").mkdir()
    for number, (text, _, _) in enumerate(CASES):
        (tmp_path / f"templates/{number}.html").write_bytes(text.encode())
    cases = [(args, expected) for _, args, expected in CASES]
    run_unix(
        "from microdot.utemplate import Template\n"
        "Template.initialize(autoescape=True)\n"
        f"for number, (args, expected) in enumerate({cases!r}):\n"
        "    if expected is not None:\n"
        "        out = Template('%d.html' % number).render(*args)\n"
        "        assert out == expected, (number, out, expected)\n",
        cwd=tmp_path,
    )
    code = run_unix(
        "from microdot.template_compiler import compile_template\n"
        f"for text in {[text for text, _, _ in CASES]!r}:\n"
        "    print(compile_template('t.html', text))\n"
    )
    ours = "".join(compile_template("t.html", text) + "\n" for text, _, _ in CASES)
    assert code.replace("\\xe9", "é") == ours


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a\n{{ x", 2, "'{{' is never closed"),
        ("\n\n{% if x", 3, "'{%' is never closed"),
        ("{# x", 1, "'{#' is never closed"),
        ("a\n{% if x %}\n\nb", 2, "'if' without 'endif'"),
        ("{% for x in y %}{% if x %}\n{% endfor %}", 2, "'endfor' without 'for'"),
        ("\n{% endif %}", 2, "'endif' without 'if'"),
        ("{% else %}", 1, "'else' in the wrong place"),
        ("{% for x in y %}\n{% elif x %}{% endfor %}", 2, "'elif' in the wrong place"),
        ("{% if x %}{% else %}{% else %}{% endif %}", 1, "'else' in the wrong place"),
        ("{% if x %}{% else %}\n\n{% elif x %}{% endif %}", 3, "'elif' in the wrong place"),
        ("\n{% block x %}", 2, "unknown tag 'block'"),
        ("\n{{ }}", 2, "nothing in it"),
        ("{% %}", 1, "nothing in it"),
        ("\n{{ 1 + }}", 2, "in '1 +': invalid syntax"),
        ("\n{{ x) + (y }}", 2, "in 'x) + (y'"),
        ("\n{% if x y %}{% endif %}", 2, "in 'if x y'"),
        ("{% if x %}\n{% elif x y %}{% endif %}", 2, "in 'x y'"),
        ("{% for x %}{% endfor %}", 1, "in 'for x'"),
        ("\n{% args 1 %}", 2, "syntax"),
        ("{% set 1 = x %}", 1, "assign"),
        ("\n{% include x.html %}", 2, "needs a name"),
        ("\n{% include 'x.html %}", 2, "needs a name"),
        ("\n{% include 'x.html' a b %}", 2, "in ' a b'"),
        ("\n{% include %}", 2, "needs a name"),
    ],
)
def test_compile_errors_name_template_and_line(folder, text, line, reason):
    with pytest.raises(TemplateError, match=rf"^t\.html, line {line}: ") as caught:
        render(folder, text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\n{{ x }}", 3),
        ("{{ 1 }}\n{% if x %}{% endif %}", 2),
        ("{% if 0 %}\n{% elif x %}{% endif %}", 2),
        ("{% if 0 %}\n{% elif 0 %}\n{% elif x %}{% endif %}", 3),
        ("{% if 0 %}\n{{ 1 }}\n{% endif %}{{ x }}", 3),
        ("{{ 1 }}\n{% for a in 'a' %}\n{{ a + x }}{% endfor %}", 3),
        ("\n{% set y = x %}", 2),
        ("\n{% include {{ x }} %}", 2),
        ("\n{{ yield from x }}", 2),
        ("{{ 1 }}{% args %}\n\n{{ x }}", 3),
    ],
)
def test_errors_when_rendering_name_template_and_line(folder, text, line):
    with pytest.raises(
        TemplateError, match=rf"^t\.html, line {line}: NameError: .*'?x'?"
    ) as caught:
        render(folder, text)
    assert isinstance(caught.value.__cause__, NameError)


def test_wrong_arguments(folder):
    with pytest.raises(TemplateError, match=r"^t\.html: wrong arguments: .*'?b'?"):
        render(folder, "{% args a, b %}", 1)


def test_abort_in_a_template_is_what_it_is(folder):
    app = Microdot()

    @app.get("/")
    async def index(request):
        return Template("t.html").render(abort)

    (folder / "t.html").write_text("{% args abort %}{{ abort(403) }}")
    assert asyncio.run(TestClient(app).get("/")).status_code == 403


def test_include(folder):
    (folder / "part.html").write_text("{% args a, b=2 %}[{{ a }}{{ b }}]")
    (folder / "sub").mkdir()
    (folder / "sub/more.html").write_text("more\n{% include 'part.html' 8 %}")
    text = (
        "{% args name %}{% include \"part.html\" 1 %}{% include 'part.html' 1, b=3 %}"
        "{% include {{ name }} 4, 5 %}{% include 'sub/more.html' %}"
    )
    assert render(folder, text, "part.html") == "[12][13][45]more\n[82]"
    with pytest.raises(TemplateError, match=r"^t\.html, line 1: TypeError"):
        render(folder, "{% include 'part.html' %}")
    (folder / "part.html").write_text("\n{{ x }}")
    with pytest.raises(TemplateError, match=r"^part\.html, line 2: NameError"):
        render(folder, "{% include 'part.html' %}")
    with pytest.raises(TemplateError, match=r"^no\.html: not found in "):
        render(folder, "{% include 'no.html' %}")


@pytest.mark.parametrize("name", ["no.html", "../t.html", "sub/../../x"])
def test_no_such_template(folder, name):
    with pytest.raises(TemplateError, match=name):
        Template(name)


@given(st.text())
@settings(deadline=None)
def test_escape(text):
    escaped = escape(text)
    assert not set("<>\"'") & set(escaped)
    assert escaped == html.escape(text).replace("&#x27;", "&#39;")


def test_escape_of_other_values():
    class Markup(str):
        def __html__(self):
            return self

    assert [escape(v) for v in (1, True, None, 1.5)] == ["1", "True", "None", "1.5"]
    assert escape(["<"]) == "[&#39;&lt;&#39;]"
    assert escape(raw("<")) == str(raw("<")) == "<"
    assert escape(raw(1)) == "1"
    assert escape(Markup("<b>")) == "<b>"


def test_the_switch(folder, capsys):
    Template.initialize(str(folder), autoescape=False)
    assert render(folder, "{{ '<' }}{{ raw('<') }}") == "<<"
    assert capsys.readouterr().out == ""
    Template.initialize(str(folder))
    assert render(folder, "{{ '<' }}") == "&lt;"
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "autoescape" in printed


def test_the_folder_by_default(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Template, "_loader", None)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/t.txt").write_text("x")
    assert Template("t.txt").render() == Template("t.txt").render() == "x"
    assert capsys.readouterr().out.count("\n") == 1, "it must be said once"


def test_the_folder_next_to_the_application(tmp_path, monkeypatch):
    """An application may be started from elsewhere: its folder is in `sys.path` then."""
    (tmp_path / "app/templates").mkdir(parents=True)
    (tmp_path / "app/templates/t.txt").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(str(tmp_path / "app"))
    monkeypatch.setattr(Template, "_loader", None)
    Template.initialize(autoescape=True)
    assert Template("t.txt").render() == "x"
    printed = run_unix(
        "import sys\n"
        "from microdot.utemplate import Template\n"
        "sys.path.append('../app')\n"
        "Template.initialize(autoescape=True)\n"
        "print(Template('t.txt').render())\n",
        cwd=tmp_path / "elsewhere",
    )
    assert printed == "x\n"


def test_portions(folder):
    (folder / "t.html").write_text("{% args n %}{% for i in range(n) %}{{ i }}\n{% endfor %}")
    template = Template("t.html")
    expected = "".join(f"{i}\n" for i in range(1000))
    portions = list(template.generate(1000))
    assert "".join(portions) == expected
    assert min(map(len, portions[:-1])) >= 500
    assert max(map(len, portions)) <= 520
    assert template.name == "t.html"

    async def collect():
        return [portion async for portion in template.generate_async(1000)]

    assert asyncio.run(collect()) == portions
    assert asyncio.run(template.render_async(1000)) == expected
    app = Microdot()
    app.add_route("/", lambda request: template.generate(1000))
    app.add_route("/async", lambda request: template.generate_async(1000))
    for path in ("/", "/async"):
        assert asyncio.run(TestClient(app).get(path)).text == expected


def test_closing_early_ends_the_template(folder):
    ended = []

    class Watch:
        def __iter__(self):
            try:
                while True:
                    yield "x" * 600
            finally:
                ended.append(True)

    (folder / "t.html").write_text("{% args w %}{{ yield from w }}")
    output = Template("t.html").generate(Watch())
    next(output)
    output.close()
    assert ended == [True]

    async def start():
        output = Template("t.html").generate_async(Watch())
        await output.__anext__()
        await output.aclose()

    asyncio.run(start())
    assert ended == [True, True]


ASYNC = {
    "t.html": "{% args f %}a{{ await f('<b>') }}"
    "{% for i in range(3) %}{{ await f(i) }}{% endfor %}"
    "{% include 'part.html' f %}{% include 'sync.html' %}{{ yield from ['y', 'z'] }}",
    "part.html": "{% args f %}({% set x = await f('p') %}{{ x }})",
    "sync.html": "sync",
}
ASYNC_RESULT = "a&lt;b&gt;012(p)syncyz"


def test_await(folder):
    for name, text in ASYNC.items():
        (folder / name).write_text(text)

    async def f(value):
        await asyncio.sleep(0)
        return value

    template = Template("t.html")
    assert asyncio.run(template.render_async(f)) == ASYNC_RESULT
    with pytest.raises(TemplateError, match=r"t\.html: it uses await"):
        template.render(f)

    async def fail(value):
        raise KeyError(value)

    with pytest.raises(TemplateError, match=r"t\.html, line 1: KeyError"):
        asyncio.run(template.render_async(fail))

    async def early():
        output = template.generate_async(f)
        await output.aclose()

    asyncio.run(early())


def test_await_on_micropython(tmp_path):
    (tmp_path / "templates").mkdir()
    for name, text in ASYNC.items():
        (tmp_path / "templates" / name).write_text(text)
    printed = run_unix(
        "import asyncio\n"
        "from microdot.utemplate import Template, TemplateError\n"
        "Template.initialize(autoescape=True)\n"
        "async def f(value):\n"
        "    await asyncio.sleep_ms(1)\n"
        "    return value\n"
        "async def main():\n"
        "    both = [Template('t.html').render_async(f) for _ in range(2)]\n"
        "    print(await asyncio.gather(*both))\n"
        "    try:\n"
        "        Template('t.html').render(f)\n"
        "    except TemplateError as exc:\n"
        "        print(exc)\n"
        "    try:\n"
        "        await Template('t.html').render_async(None)\n"
        "    except TemplateError as exc:\n"
        "        print(exc)\n"
        "    print(await Template('sync.html').render_async())\n"
        "asyncio.run(main())\n",
        cwd=tmp_path,
    ).splitlines()
    assert printed[0] == repr([ASYNC_RESULT] * 2)
    assert printed[1].startswith("t.html: it uses await")
    assert printed[2].startswith("t.html, line 1: TypeError")
    assert printed[3] == "sync"


def compile_folder(source, target):
    return subprocess.run(
        [sys.executable, "-m", "microdot.template_compiler", source, target],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=20,
    )  # fmt: skip


def test_compiled_on_the_host(folder, tmp_path, monkeypatch):
    """As frozen modules are: no source in the folder, for every loader, on both interpreters."""
    (folder / "index.html").write_text("{% args a %}{{ a }}{% include 'sub/part.html' %}")
    (folder / "sub").mkdir()
    (folder / "sub/part.html").write_text("é")
    (folder / ".hidden").write_text("{{")
    (folder / "helper.py").write_text("x = 1")
    target = tmp_path / "device/templates"
    result = compile_folder(folder, target)
    assert (result.returncode, result.stderr) == (0, "")
    modules = sorted(str(p.relative_to(target)) for p in target.rglob("*.py"))
    assert modules == ["index_html.py", "sub/part_html.py"]
    before = (target / "index_html.py").read_bytes()
    assert compile_folder(folder, target).returncode == 0
    assert (target / "index_html.py").read_bytes() == before
    monkeypatch.syspath_prepend(str(tmp_path / "device"))
    monkeypatch.chdir(tmp_path / "device")
    for loader in (CompiledLoader, SourceLoader, RecompileLoader):
        Template.initialize("templates", loader, autoescape=True)
        assert Template("index.html").render("<") == "&lt;é"
        with pytest.raises(TemplateError, match=r"no\.html: not found in templates"):
            Template("no.html")
    printed = run_unix(
        "from microdot.utemplate import *\n"
        "for loader in (CompiledLoader, SourceLoader, RecompileLoader):\n"
        "    Template.initialize('templates', loader, autoescape=True)\n"
        "    print(Template('index.html').render('<'))\n",
        cwd=tmp_path / "device",
    )
    assert printed == "&lt;é\n" * 3


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.html": "\n{% if %}"}, "a.html, line 2: "),
        (
            {"a.html": "\n\n{% include 'no.html' %}"},
            "a.html, line 3: there is no template 'no.html'",
        ),
        ({"a.b_c": "", "a_b.c": ""}, "a_b.c: a.b_c would become the same module"),
        ({"a.html": b"\xff"}, "can't decode"),
    ],
)
def test_errors_of_the_command(folder, tmp_path, files, message):
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    result = compile_folder(folder, tmp_path / "out")
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_the_command_without_a_folder(tmp_path):
    result = compile_folder(tmp_path / "none", tmp_path / "out")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)


def test_what_has_changed_is_compiled_again(folder):
    path = folder / "t.html"
    path.write_text("one")
    Template.initialize(str(folder), SourceLoader, autoescape=True)
    assert Template("t.html").render() == "one"
    path.write_text("changed")
    assert Template("t.html").render() == "one"
    Template.initialize(str(folder), RecompileLoader, autoescape=True)
    first = Template("t.html")
    assert first.render() == "changed"
    assert Template("t.html")._render is first._render
    path.write_text("again")
    assert Template("t.html").render() == "again"
    os.utime(path, (1, 1))
    assert Template("t.html").render() == "again"


def test_nothing_is_written_into_the_folder(folder):
    assert render(folder, "x") == "x"
    assert [p.name for p in folder.iterdir()] == ["t.html"]


def test_a_loader_of_somebody_else(folder):
    class Loader:
        def __init__(self, pkg, template_dir):
            pass

        def load(self, name):
            def render(a):
                yield name + a

            return render

    Template.initialize(str(folder), Loader, autoescape=True)
    assert Template("x").render("1") == "x1"
