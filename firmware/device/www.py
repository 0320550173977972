"""The files of `/www` over HTTP: a site without a program."""

import os

from microdot import Microdot, Response, redirect

from . import files

_TYPES = {
    "avif": "image/avif",
    "css": "text/css; charset=UTF-8",
    "gif": "image/gif",
    "htm": "text/html; charset=UTF-8",
    "html": "text/html; charset=UTF-8",
    "ico": "image/x-icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=UTF-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=UTF-8",
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=UTF-8",
    "wasm": "application/wasm",
    "webp": "image/webp",
    "woff2": "font/woff2",
    "xml": "application/xml",
}


def create() -> Microdot:
    """An application that serves the files of the folder `/www`, `index.html` for a folder."""
    site = Microdot()

    @site.get("/")
    async def index(request):
        return _file("www/index.html")

    @site.get("/<path:name>")
    async def page(request, name):
        name = name.rstrip("/") if _is_safe(name) else ""
        if not name:
            return "Not found", 404
        if files.is_folder("www/" + name):
            if not request.path.endswith("/"):
                # Relative links in the folder's index need the slash. The URL goes back as it
                # came, still percent-encoded.
                return redirect(request.url.split("?")[0] + "/", 301)
            name += "/index.html"
        elif request.path.endswith("/"):
            return "Not found", 404
        return _file("www/" + name)

    return site


def _is_safe(name):
    """Whether a decoded path stays inside the folder.

    No segment may be empty, `.` or `..`; a slash may end it. NUL and backslash are in no name.
    """
    segments = (name[:-1] if name.endswith("/") else name).split("/")
    return (
        not any(segment in ("", ".", "..") for segment in segments)
        and "\0" not in name
        and "\\" not in name
    )


def _file(name):
    if not files.is_file(name):
        return "Not found", 404
    size = os.stat(files.path(name))[6]
    content_type = _TYPES.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream")
    return Response(
        open(files.path(name), "rb"),
        headers={"Content-Type": content_type, "Content-Length": str(size)},
    )
