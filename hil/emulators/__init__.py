"""Emulated boards, one module for each kind of emulator."""
