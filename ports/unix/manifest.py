# What the tests need frozen into MicroPython for this machine: nothing of ours, so that it is
# tested from its files.
include("$(MPY_DIR)/extmod/asyncio")
module("ssl.py", base_path="../stdlib")
