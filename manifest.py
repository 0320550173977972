# Freezes the framework and nothing else. Any firmware can include it:
#
#   include("path/to/manifest.py", extensions="websocket,sse")
#
# extensions: names of microdot's extension modules separated by commas, "all" (the default),
# or "" for the core alone.
import os

# What an application needs in any case; everything else is an extension that is frozen by name.
CORE = (
    "__init__",
    "app",
    "coding",
    "compat",
    "datastructures",
    "fields",
    "helpers",
    "http1",
    "lifecycle",
    "microdot",
    "patterns",
    "request",
    "response",
    "server",
    "streams",
    "urls",
)
HOST_ONLY = ("asgi", "jinja", "redis_broker", "wsgi")  # these need CPython
# Extensions that need others.
NEEDS = {
    "digest": ("auth", "parameters", "signing"),
    "login": ("session",),
    "multipart": ("parameters",),
    "openapi": ("openapi_page",),
    "session": ("signing",),
}

options.defaults(extensions="all")

# The manifest's folder is the working directory while it is read. Names that begin with an
# underscore are the halves of modules that only CPython takes.
modules = sorted(name[:-3] for name in os.listdir("microdot") if name.endswith(".py"))
available = [name for name in modules if name not in CORE + HOST_ONLY and name[0] != "_"]
if options.extensions == "all":
    extensions = list(available)
else:
    extensions = [name.strip() for name in options.extensions.split(",") if name.strip()]
unknown = [name for name in extensions if name not in available]
if unknown:
    raise ValueError(f"no such extension: {', '.join(unknown)}; there are: {', '.join(available)}")
for name in extensions:
    extensions += [other for other in NEEDS.get(name, ()) if other not in extensions]

package("microdot", files=[f"{name}.py" for name in (*CORE, *extensions)], base_path=".", opt=3)
