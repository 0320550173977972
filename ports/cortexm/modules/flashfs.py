"""The file system on the flash."""

import cortexm
import vfs

# Bytes that a program operation of the flash takes at once.
_PROGSIZE = 256

_BLOCK_COUNT = 4  # of ioctl(), see vfs.AbstractBlockDev
_BLOCK_SIZE = 5


def _holds_nothing(flash):
    # Only the first two blocks are written when a file system is made, so that files are lost
    # for sure only if something stands behind them: else the power failed meanwhile.
    size = flash.ioctl(_BLOCK_SIZE, 0)
    block = bytearray(size)
    erased = b"\xff" * size
    for n in range(2, flash.ioctl(_BLOCK_COUNT, 0)):
        flash.readblocks(n, block)
        if block != erased:
            return False
    return True


def format():
    """Makes an empty file system. All files are lost; reset the board afterwards."""
    vfs.VfsLfs2.mkfs(cortexm.Flash(), progsize=_PROGSIZE)


def mount():
    """Mounts the flash at /, making a file system if the flash is new.

    What cannot be read is not overwritten: the board then starts without files, and says so.
    """
    try:
        flash = cortexm.Flash()
    except OSError:
        print("boot: there is no flash, so there are no files")
        return
    try:
        fs = vfs.VfsLfs2(flash, progsize=_PROGSIZE)
    except OSError:
        if not _holds_nothing(flash):
            print("boot: cannot read the flash's file system; flashfs.format() makes a new one")
            return
        format()
        fs = vfs.VfsLfs2(flash, progsize=_PROGSIZE)
    vfs.mount(fs, "/")
