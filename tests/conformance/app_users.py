"""The application of the tests of sessions, authentication, forms and OpenAPI.

See `app.py`, whose arguments it takes.
"""

import asyncio
import os
import sys
from binascii import hexlify
from hashlib import sha256

from microdot import Microdot, Request
from microdot.auth import BasicAuth, DigestAuth, TokenAuth
from microdot.csrf import CSRF
from microdot.login import Login
from microdot.multipart import FileUpload, FormDataIter, with_form_data
from microdot.openapi import OpenAPI
from microdot.server import Server
from microdot.session import Session, with_session

app = Microdot()
app.max_connections = 8
Request.max_content_length = 256 * 1024
session = Session(app, secret_key="0123456789abcdef0123456789abcdef")
CSRF(app)
login = Login()
api = OpenAPI(app, "Users", "1.0.0")
basic, token, digest = BasicAuth(), TokenAuth(), DigestAuth(realm="test")
UPLOAD = "upload.tmp"


class User:
    def __init__(self, id):
        self.id = id


login.user_loader(User)
basic.authenticate(lambda request, name, password: name if password == "secret" else None)
token.authenticate(lambda request, value: "joe" if value == "good" else None)
digest.get_password(lambda request, name: "secret" if name == "joe" else None)


@app.get("/session")
@with_session
async def get_session(request, session):
    return session.copy()


@app.post("/session/<name>/<value>")
@with_session
async def set_session(request, session, name, value):
    session[name] = value
    session.save()
    return ""


@app.delete("/session")
@with_session
async def delete_session(request, session):
    session.delete()
    return ""


@app.get("/basic")
@basic
async def basic_user(request):
    return request.g.current_user


@app.get("/token")
@token
async def token_user(request):
    return request.g.current_user


@app.route("/digest", methods=["GET", "POST"])
@digest
async def digest_user(request):
    return request.g.current_user + " " + str(len(request.body))


@app.post("/login")
async def log_in(request):
    return await login.login_user(request, User(request.form["name"]), remember=True)


@app.get("/me")
@login
async def me(request):
    return request.g.current_user.id


@app.post("/logout")
async def log_out(request):
    await login.logout_user(request)
    return ""


def digest_of(chunks):
    size, state = 0, sha256()
    for chunk in chunks:
        size += len(chunk)
        state.update(chunk)
    return [size, hexlify(state.digest()).decode()]


def read_file(path):
    with open(path, "rb") as f:
        while True:
            chunk = f.read(1024)
            if not chunk:
                break
            yield chunk


@app.post("/form")
@with_form_data
async def form(request):
    files = []
    for name in request.files:
        for file in request.files.getlist(name):
            files.append([name, file.filename, file.content_type, digest_of([await file.read()])])
    return {"form": [[name, request.form.getlist(name)] for name in request.form], "files": files}


@app.post("/save")
async def save(request):
    result = []
    async for name, value in FormDataIter(request):
        if isinstance(value, FileUpload):
            await value.save(UPLOAD)
            result.append([name, digest_of(read_file(UPLOAD))])
            os.remove(UPLOAD)
        else:
            result.append([name, value])
    return result


@app.get("/temporary")
async def temporary(request):
    """What uploads have left behind."""
    return [name for name in os.listdir(FileUpload.temporary_folder or ".") if "upload" in name]


@app.get("/things/<int:id>")
@api.describe("Get a thing", query={"q?": str}, responses={200: {"id": int}, 404: "None"})
async def thing(request, id):
    return {"id": id}


async def main(arguments):
    """Serve on this machine, with the folder of the certificate for temporary files."""
    FileUpload.temporary_folder = arguments[2].rpartition("/")[0]
    os.chdir(FileUpload.temporary_folder)
    app.server = Server(app, "127.0.0.1", int(arguments[0]))
    await app.server.start()
    print("serving")
    await app.server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
