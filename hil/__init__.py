"""The host's side of Microdot Firmware: boards booted, talked to and tested over HTTP and their
consoles.
"""
