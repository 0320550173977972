"""The application that is measured; it runs on the reference and on ours: `hello.py PORT`."""

import sys

from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    return {"hello": "world"}


@app.get("/users/<int:number>")
async def user(request, number):
    return {"number": number}


app.run("127.0.0.1", int(sys.argv[1]))
