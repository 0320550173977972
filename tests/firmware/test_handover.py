"""Applications as people write them: the firmware serves them, whatever way they end."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

HEAD = """
import asyncio
from microdot import Microdot
app = Microdot()
ticks = 0

@app.get("/")
async def index(request):
    return "hello"

@app.get("/ticks")
async def count(request):
    return str(ticks)

async def ticker():
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep_ms(10)
"""


def reason(output):
    line = output.split("device: serving rescue page: ")[1]
    return line.split("\r\n")[0]


def assert_ticking(board):
    first = int(board.get("/ticks").text)
    assert first > 0
    for _ in range(50):
        if int(board.get("/ticks").text) > first:
            return
    pytest.fail("the application's task does not run")


def test_example_ends_in_an_unguarded_run(board):
    board.write("app.py", (EXAMPLES / "hello.py").read_bytes())
    assert "device: serving /app.py\r\n" in board.boot()
    assert board.get("/").text == "Hello, world!"


def test_run_does_not_block_the_rest_of_the_module(board):
    board.write("app.py", HEAD + "app.run()\nprint('after run')\n")
    output = board.boot()
    assert output.index("after run") < output.index("READY")
    assert board.get("/").text == "hello"


def test_application_without_run(board):
    board.write("app.py", HEAD)
    board.boot()
    assert board.get("/").text == "hello"


@pytest.mark.parametrize("ending", ["", "finally:\n    asyncio.new_event_loop()\n"])
def test_tasks_started_before_start_server_go_on(board, ending):
    main = """
async def main():
    asyncio.create_task(ticker())
    await asyncio.sleep_ms(20)
    await app.start_server(port=80)

try:
    asyncio.run(main())
""" + (ending or "except ValueError:\n    pass\n")
    board.write("app.py", HEAD + main)
    board.boot()
    assert_ticking(board)


def test_main_that_goes_on_after_starting_the_server_as_a_task(board):
    main = """
async def main():
    server = asyncio.create_task(app.start_server())
    await ticker()

asyncio.run(main())
"""
    board.write("app.py", HEAD + main)
    board.boot()
    assert_ticking(board)
    board.interrupt()


def test_gathered_server_and_task(board):
    board.write(
        "app.py",
        HEAD
        + """
async def main():
    await asyncio.gather(app.start_server(), ticker())

asyncio.run(main())
""",
    )
    board.boot()
    assert_ticking(board)


def test_task_made_without_a_loop(board):
    board.write("app.py", HEAD + "asyncio.create_task(ticker())\n")
    board.boot()
    assert_ticking(board)


def test_start_server_after_the_import(board):
    main = """
async def main():
    await asyncio.sleep_ms(50)
    await app.start_server(port=5001)
    print("main is through")

asyncio.create_task(main())
"""
    board.write("app.py", HEAD + main)
    board.boot()
    assert board.get("/").text == "hello"


def test_run_on_an_object_of_another_name(board):
    board.write("app.py", HEAD.replace("app", "site") + "app = 'a name'\nsite.run(debug=True)\n")
    board.boot()
    assert board.get("/").text == "hello"


def test_the_only_application_of_another_name(board):
    board.write("app.py", HEAD.replace("app", "site"))
    assert "device: /app.py has no 'app'; its 'site' is served" in board.boot()
    assert board.get("/").text == "hello"


def test_second_application_is_not_served(board):
    board.write("app.py", HEAD + "other = Microdot()\napp.run()\nother.run(port=8080)\n")
    assert "only the first one is served" in board.boot()
    assert board.get("/").text == "hello"


def test_port_asked_for_is_named_once(board):
    board.write("app.py", HEAD + "app.run(host='127.0.0.2', port=8123)\n")
    output = board.boot()
    assert output.count("8123") == 1
    assert "device: the application asks for 127.0.0.2:8123" in output
    assert f":{board.port} " in board.wait_for(" build=")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "/app.py has no application"),
        ("app = 5\n", "/app.py has no application"),
        (
            "from microdot import Microdot\na = Microdot()\nb = Microdot()\n",
            "/app.py has several applications (a, b)",
        ),
        ("import nothing_of_that_name\n", "/app.py raised ImportError: no module named"),
        ("def broken(:\n    pass\n", "/app.py raised SyntaxError"),
        ("raise ValueError('two\\nlines')\n", "/app.py raised ValueError: two lines"),
        ("import sys\nsys.exit()\n", "/app.py raised SystemExit"),
        (HEAD + "app.run()\n1 / 0\n", "/app.py raised ZeroDivisionError"),
        (
            HEAD
            + "async def main():\n"
            + "    asyncio.create_task(app.start_server())\n"
            + "    await asyncio.sleep_ms(100)\n"
            + "    1 / 0\n"
            + "asyncio.run(main())\n",
            "/app.py raised ZeroDivisionError",
        ),
    ],
)
def test_reason_on_console_rescue_page_and_status(board, source, words):
    board.write("app.py", source)
    board.boot(until="serving rescue page: ")
    output = board.wait_for("READY")
    assert words in reason(output)
    page = board.get("/any/path?of=it")
    assert page.status == 503
    assert words.split("(")[0] in page.text
    assert board.request("/", "POST").status == 503
    assert words in board.status()["application"]


def test_traceback_is_on_the_console_and_the_rescue_page(board):
    board.write("app.py", "# one\nprint(1)\nraise ValueError('<b>')\n")
    output = board.boot()
    assert '(most recent call last):\r\n  File "app.py", line 3, in <module>' in output
    page = board.get("/").text
    assert "File &quot;app.py&quot;, line 3, in &lt;module&gt;" in page
    assert "ValueError: &lt;b&gt;" in page


def test_exit_after_the_server_was_started_is_the_end_of_the_program(board):
    board.write("app.py", HEAD + "import sys\napp.run()\nsys.exit()\n")
    board.boot()
    assert board.get("/").text == "hello"


def test_ctrl_c_that_the_application_takes_for_itself_ends_at_the_repl(board):
    main = """
async def main():
    asyncio.create_task(app.start_server())
    await ticker()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("cleaned up")
"""
    board.write("app.py", HEAD + main)
    board.boot()
    assert "cleaned up" in board.interrupt()


def test_ctrl_c_while_the_application_hangs_in_its_import(board):
    board.write("app.py", "print('busy')\nwhile True:\n    pass\n")
    board.boot(until="busy")
    assert "device: stopped" in board.interrupt()


def test_shutdown_ends_at_the_repl(board):
    off = """
@app.get("/off")
async def off(request):
    app.shutdown()
    return "bye"
"""
    board.write("app.py", HEAD + off)
    board.boot()
    assert board.get("/off").text == "bye"
    board.wait_for("device: stopped")
    board.wait_for(">>> ")


def test_failed_background_task_is_in_the_log(board):
    board.write(
        "app.py",
        HEAD + "async def bad():\n    raise ValueError('in the background')\n"
        "asyncio.create_task(bad())\n",
    )
    board.boot(until="in the background")
