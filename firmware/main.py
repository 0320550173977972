# Frozen as the top-level `main`. A frozen main.py hides the user's file of that name, so this one
# runs it. All happens in `__main__`: what stays behind there, the user's program would see.


def _is_file(name):
    import os

    try:
        return os.stat(name)[0] & 0xF000 == 0x8000
    except OSError:
        return False


def _boot():
    import sys

    # A file in the root that happens to be called device.py or microdot.py must not take the
    # place of the frozen one.
    path = sys.path[:]
    sys.path[:] = [entry for entry in path if entry]
    try:
        from device import boot
    finally:
        sys.path[:] = path
    boot.start()


if _is_file("main.py"):
    del _is_file, _boot
    print("device: running /main.py")
    execfile("main.py")  # noqa: F821 (MicroPython's)
else:
    _boot()
