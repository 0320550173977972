# An image that measures a framework on the emulated board, instead of serving. BENCH_LIBRARY is
# the folder of the framework, ours or the reference; both are frozen with their cores alone.
import os

root = os.environ["MICRODOT_DIR"]
library = os.environ["BENCH_LIBRARY"]

include(root + "/ports/cortexm/manifest.py")
if os.path.samefile(library, root):
    include(root + "/manifest.py", extensions="")
else:
    package("microdot", files=["__init__.py", "helpers.py", "microdot.py"], base_path=library)
module("main.py", base_path=".")
