"""A REST API that describes itself: see /docs, or /openapi.json for programs."""

from microdot import Microdot, abort
from microdot.openapi import OpenAPI

app = Microdot()
api = OpenAPI(app, "Notes", "1.0.0", "Short notes, kept in memory.")

TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
NewNote = api.schema("NewNote", {"text": TEXT, "done?": bool})
Note = api.schema("Note", {"id": int, "text": TEXT, "done": bool})
INVALID = "The note is not valid"
MISSING = "There is no such note"

notes = {1: {"id": 1, "text": "Water the plants", "done": False}}


def read_note(request):
    """Return the note in a request's body, checked."""
    try:
        data = request.json
    except ValueError:
        data = None
    if not isinstance(data, dict):
        abort(400, "The body must be a JSON object")
    text, done = data.get("text"), data.get("done", False)
    if not isinstance(text, str) or not 1 <= len(text) <= 200 or not isinstance(done, bool):
        abort(400, "A note has a text of 1 to 200 characters, and may be done")
    return {"text": text, "done": done}


def find_note(id):
    if id not in notes:
        abort(404, "There is no such note")
    return notes[id]


@app.get("/notes")
@api.describe("List the notes", query={"done?": bool}, responses={200: [Note], 400: "Bad query"})
async def list_notes(request):
    done = request.args.get("done")
    if done not in (None, "true", "false"):
        abort(400, "done is true or false")
    return [note for note in notes.values() if done is None or note["done"] == (done == "true")]


@app.post("/notes")
@api.describe("Add a note", body=NewNote, responses={201: Note, 400: INVALID})
async def add_note(request):
    id = max(notes) + 1 if notes else 1
    notes[id] = dict(read_note(request), id=id)
    return notes[id], 201, {"Location": f"/notes/{id}"}


@app.get("/notes/<int:id>")
@api.describe("Get a note", responses={200: Note, 404: MISSING})
async def get_note(request, id):
    return find_note(id)


@app.put("/notes/<int:id>")
@api.describe("Change a note", body=NewNote, responses={200: Note, 400: INVALID, 404: MISSING})
async def change_note(request, id):
    find_note(id).update(read_note(request))
    return notes[id]


@app.delete("/notes/<int:id>")
@api.describe("Delete a note", responses={204: "It is gone", 404: MISSING})
async def delete_note(request, id):
    find_note(id)
    del notes[id]
    return 204


if __name__ == "__main__":
    app.run()
