# Runs before the user's boot.py, with Ctrl-C off.

import flashfs

flashfs.mount()
del flashfs
