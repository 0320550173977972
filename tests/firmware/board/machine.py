"""Stands in for the chip that MicroPython on this machine does not have."""

import os

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(1, 6)


def unique_id():
    return b"\x01\x02\x03\x04\x05\x06\xbe\xef"


def reset_cause():
    return int(os.getenv("RESET_CAUSE") or PWRON_RESET)
