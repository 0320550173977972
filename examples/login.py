"""Users who log in with a form; the session is a signed cookie. Log in as joe, with secret."""

import os

from microdot import Microdot, redirect
from microdot.csrf import CSRF
from microdot.login import Login
from microdot.session import Session, with_session
from microdot.signing import compare_digest
from microdot.utemplate import escape


def load_key(path="secret.key"):
    """Return the key that signs cookies; it is made once, so that sessions survive a restart."""
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        with open(path, "wb") as f:
            f.write(os.urandom(32))
        return load_key(path)


class User:
    def __init__(self, name):
        self.id = name


app = Microdot()
Session(app, secret_key=load_key())
CSRF(app)
login = Login()
passwords = {"joe": "secret"}

HTML = {"Content-Type": "text/html; charset=UTF-8"}
FORM = """<!doctype html><meta name="viewport" content="width=device-width"><title>Log in</title>
<form method="post"><p>%s</p>
<p><label>Name <input name="name" autocomplete="username"></label></p>
<p><label>Password
<input name="password" type="password" autocomplete="current-password"></label></p>
<p><label><input name="remember" type="checkbox"> Remember me</label></p>
<button>Log in</button></form>"""
HOME = """<!doctype html><meta name="viewport" content="width=device-width"><title>Home</title>
<p>Hello, %s! You were here %d times.</p>
<form method="post" action="/logout"><button>Log out</button></form>"""


@login.user_loader
async def load_user(name):
    return User(name) if name in passwords else None


@app.get("/login")
async def show_form(request):
    return FORM % "", HTML


@app.post("/login")
async def log_in(request):
    name, password = request.form.get("name", ""), request.form.get("password", "")
    if not compare_digest(passwords.get(name, "").encode(), password.encode()) or not password:
        return FORM % "That was wrong.", 403, HTML
    return await login.login_user(request, User(name), remember="remember" in request.form)


@app.post("/logout")
async def log_out(request):
    await login.logout_user(request)
    return redirect("/login")


@app.get("/")
@login
@with_session
async def home(request, session):
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    return HOME % (escape(request.g.current_user.id), session["visits"]), HTML


if __name__ == "__main__":
    app.run()
