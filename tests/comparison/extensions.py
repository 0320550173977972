"""An application that uses Microdot 2.7's extensions as people write it.

It runs unchanged on the reference and on ours: `extensions.py PORT`, in a folder for its files.
Templates are Jinja's: those of uTemplate need a package that the reference does not bring.
"""

import hashlib
import os
import sys

from microdot import Microdot, Request, abort, redirect
from microdot.auth import BasicAuth, TokenAuth
from microdot.cors import CORS
from microdot.csrf import CSRF
from microdot.jinja import Template
from microdot.login import Login
from microdot.multipart import FileUpload, FormDataIter, with_form_data
from microdot.session import Session, with_session
from microdot.sse import with_sse
from microdot.websocket import websocket_upgrade, with_websocket

TEMPLATES = {
    "page.html": "<h1>{{ title }}</h1>\n{% for x in items %}<li>{{ x }}</li>\n{% endfor %}",
    "page.txt": "{{ title }}\n",
    "child.html": '{% extends "base.html" %}{% block body %}{{ title }}{% endblock %}',
    "base.html": "<body>{% block body %}{% endblock %}</body>",
}

Request.max_content_length = 100 * 1024
FileUpload.max_memory_size = 2048

app = Microdot()
Session(app, secret_key="a key of thirty-two bytes or more, for tests only")
cors = CORS(app, allowed_origins=["https://friend.example"], allow_credentials=True, max_age=60)
CSRF(app, cors)
basic = BasicAuth(realm="The board")
token = TokenAuth(header="X-API-Key")
login = Login()


class User:
    """The only user there is."""

    id = "7"
    name = "me"


# Sessions and login.


@app.get("/session")
@with_session
async def show_session(request, session):
    return {"session": session, "kind": isinstance(session, dict)}


@app.get("/session/visit")
@with_session
async def visit(request, session):
    session["visits"] = session.get("visits", 0) + 1
    session["of"] = {"list": [1, "ü", None]}
    session.save()
    return str(session["visits"])


@app.get("/session/end")
@with_session
def end_session(request, session):
    session.delete()
    return "over"


@login.user_loader
async def load_user(user_id):
    return User() if user_id == User.id else None


@app.get("/login")
async def login_page(request):
    return "please log in"


@app.post("/login")
async def log_in(request):
    return await login.login_user(request, User())


@app.post("/login/remember")
async def log_in_for_long(request):
    return await login.login_user(request, User(), remember=True)


@app.post("/logout")
async def log_out(request):
    await login.logout_user(request)
    return redirect("/login")


@app.get("/me")
@login
async def me(request):
    return {"me": request.g.current_user.name}


@app.get("/me/fresh")
@login.fresh
async def me_fresh(request):
    return {"me": request.g.current_user.name}


# Authentication.


@basic.authenticate
async def check_password(request, username, password):
    return username if password == "right" else None


@token.authenticate
async def check_token(request, value):
    return "robot" if value == "right" else None


@app.get("/basic")
@basic
async def basic_user(request):
    return request.g.current_user


@app.get("/basic/optional")
@basic.optional
async def basic_optional(request):
    return {"user": request.g.current_user}


@app.get("/token")
@token
async def token_user(request):
    return request.g.current_user


# WebSocket.


@app.get("/ws/echo")
@with_websocket
async def echo(request, ws):
    while True:
        await ws.send(await ws.receive())


@app.get("/ws/greet/<name>")
@with_websocket
async def greet(request, ws, name):
    await ws.send(f"hello {name}")
    await ws.send(b"\x00\x01")


@app.get("/ws/fail")
@with_websocket
async def fail(request, ws):
    await ws.send("before")
    raise ValueError("on purpose")


@app.get("/ws/members")
async def members(request):
    if request.args.get("member") != "yes":
        abort(401)
    ws = await websocket_upgrade(request)
    await ws.send("you are in")
    await ws.close()


# Server-sent events.


@app.get("/events")
@with_sse
async def events(request, sse):
    await sse.send("text")
    await sse.send("täxt", event="named", event_id="5", retry=2.5)
    await sse.send({"a": [1, None]}, event="json")
    await sse.send([1, 2])
    await sse.send(b"bytes")
    await sse.send(3.5)
    await sse.send("still here", comment=True)


@app.get("/events/none")
@with_sse
async def no_events(request, sse):
    pass


@app.get("/events/lines")
@with_sse
async def lines(request, sse):
    await sse.send("one\ntwo")


@app.get("/events/empty-fields")
@with_sse
async def empty_fields(request, sse):
    await sse.send("x", event="", event_id="", retry=0)


@app.get("/events/<int:count>")
@with_sse
async def counted(request, sse, count):
    for number in range(count):
        await sse.send(str(number), event_id=str(number))


# Uploads.


def digest(data):
    return [len(data), hashlib.sha256(data).hexdigest()]


@app.post("/upload")
async def upload(request):
    parts = []
    async for name, value in FormDataIter(request):
        if isinstance(value, FileUpload):
            content = await value.read()
            parts.append([name, value.filename, value.content_type, digest(content)])
        else:
            parts.append([name, value])
    return parts


@app.post("/upload/save")
async def save(request):
    parts = []
    async for name, value in FormDataIter(request):
        if isinstance(value, FileUpload):
            await value.save("saved")
            with open("saved", "rb") as f:
                parts.append([name, digest(f.read())])
    return parts


@app.post("/upload/skip")
async def skip(request):
    return [name async for name, _ in FormDataIter(request)]


@app.post("/upload/form")
@with_form_data
async def upload_form(request):
    before = len(os.listdir())
    files = {}
    for name, file in request.files.items():
        start = await file.read(10)
        files[name] = [file.filename, digest(start + await file.read())]
    return {"form": dict(request.form.items()), "files": files, "kept": len(os.listdir()) - before}


@app.post("/upload/repeated")
@with_form_data
async def repeated(request):
    return request.form["tag"]


@app.post("/upload/files")
@with_form_data
async def files(request):
    return str(request.files), 200


# Templates.


@app.get("/page/<name>")
async def page(request, name):
    text = Template(name).render(title="<A & B>", items=["x", "<y>"])
    return text, {"Content-Type": "text/html"}


@app.get("/stream/<name>")
async def page_stream(request, name):
    return Template(name).generate(title="ü", items=range(3))


if __name__ == "__main__":
    os.makedirs("templates", exist_ok=True)
    for template, source in TEMPLATES.items():
        with open(os.path.join("templates", template), "w") as f:
            f.write(source)
    app.run("127.0.0.1", int(sys.argv[1]))
