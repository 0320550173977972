# What the firmware freezes on every board: the framework, the device package, main.py and the
# user's application if the image is built with one. The build exports MICRODOT_DIR, the
# project's folder, and GENERATED, the folder of the files it makes for this image.
import os

include(os.environ["MICRODOT_DIR"] + "/manifest.py")
# opt=3 leaves out assertions and line numbers, which only tracebacks of the firmware itself miss.
package("device", base_path=".", opt=3)
package("device", files=["_build.py"], base_path=os.environ["GENERATED"], opt=3)
module("main.py", base_path=".", opt=3)
if os.path.exists(os.environ["GENERATED"] + "/app_manifest.py"):
    include(os.environ["GENERATED"] + "/app_manifest.py")
