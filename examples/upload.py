"""Files that are uploaded to the board's storage, of any size, with little memory."""

import os

from microdot import Microdot, Request, redirect, send_file
from microdot.csrf import CSRF
from microdot.multipart import FileUpload, FormDataIter
from microdot.utemplate import escape

FOLDER = "uploads"
Request.max_content_length = 1024 * 1024  # of a whole form, in bytes

app = Microdot()
CSRF(app)

try:  # noqa: SIM105 (MicroPython has no contextlib)
    os.mkdir(FOLDER)
except OSError:
    pass  # it is there

HTML = {"Content-Type": "text/html; charset=UTF-8"}
PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>Files</title>
<form method="post" enctype="multipart/form-data">
<input type="file" name="file" multiple required> <button>Upload</button></form>
<ul>%s</ul>"""


def safe_name(name):
    """Return a name for storage: what a client sends may be a path, or hidden."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join([c if c.isalpha() or c.isdigit() or c in "-_." else "_" for c in name]).lstrip(
        "."
    )


@app.get("/")
async def index(request):
    names = [escape(name) for name in sorted(os.listdir(FOLDER))]
    items = ['<li><a href="/files/%s">%s</a>' % (name, name) for name in names]  # noqa: UP031
    return PAGE % "".join(items), HTML


@app.post("/")
async def upload(request):
    async for _, value in FormDataIter(request):
        if isinstance(value, FileUpload) and safe_name(value.filename):
            await value.save(FOLDER + "/" + safe_name(value.filename))
    return redirect("/", 303)


@app.get("/files/<name>")
async def download(request, name):
    try:
        return send_file(FOLDER + "/" + safe_name(name), content_type="application/octet-stream")
    except OSError:
        return "Not found", 404


if __name__ == "__main__":
    app.run()
