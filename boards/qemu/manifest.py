# What is frozen into this board's image. The build exports MICRODOT_DIR, the project's folder.
import os

include(os.environ["MICRODOT_DIR"] + "/ports/cortexm/manifest.py")
include(os.environ["MICRODOT_DIR"] + "/firmware/manifest.py")
