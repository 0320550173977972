# What every image of this port freezes: its own modules, asyncio, and the stand-ins for
# micropython-lib's modules.
import os

freeze(os.environ["MICRODOT_DIR"] + "/ports/cortexm/modules", ("_boot.py", "flashfs.py"), opt=3)
include("$(MPY_DIR)/extmod/asyncio")
include(os.environ["MICRODOT_DIR"] + "/ports/stdlib/manifest.py")
