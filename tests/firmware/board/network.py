"""Stands in for the board's network: this machine's loopback, down while a file is there.

The environment variable LINK_DOWN names the file.
"""

import os

_names = ["mpy"]


def hostname(name=None):
    if name is not None:
        _names[0] = name
    return _names[0]


class LAN:
    def active(self, on):
        print("network up")

    def isconnected(self):
        try:
            os.stat(os.getenv("LINK_DOWN") or "")
        except OSError:
            return True
        return False

    def ipconfig(self, name=None, dhcp4=None):
        return ("127.0.0.1", "255.0.0.0") if name == "addr4" else None

    def config(self, name):
        return b"\x52\x54\x00\x12\x34\x56"
