"""A guest book made with templates. Whatever guests write, it stays text."""

from microdot import Microdot, redirect
from microdot.csrf import CSRF
from microdot.utemplate import Template

app = Microdot()
CSRF(app)
Template.initialize(autoescape=True)
entries = [("The author", "Welcome! <b>Markup</b> is shown as you write it.")]
HTML = {"Content-Type": "text/html; charset=UTF-8"}


@app.get("/")
async def index(request):
    return Template("index.html").generate(entries), HTML


@app.post("/")
async def add(request):
    name, text = request.form.get("name", ""), request.form.get("text", "")
    if text:
        entries.append((name[:40] or "Nobody", text[:500]))
        del entries[:-50]
    return redirect("/", 303)


if __name__ == "__main__":
    app.run()
