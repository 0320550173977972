module("ssl.py", opt=3)
