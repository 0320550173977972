"""Instructions and memory for a request on the emulated board, against the reference.

`make bench` builds the images and runs this. QEMU counts instructions, so that the figures are the
same from run to run, whatever else the machine does, with the same compiler and QEMU.
"""

import argparse
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parents[1] / "build"
LIBRARIES = ("reference", "ours")
DEADLINE = 120.0  # seconds for one image
QEMU = [
    *("qemu-system-arm", "-machine", "mps2-an385", "-nodefaults", "-display", "none"),
    *("-monitor", "none", "-serial", "stdio", "-nic", "none", "-icount", "shift=5,sleep=off"),
    *("-semihosting-config", "enable=on,target=native,arg=microdot,arg=seed=42"),
]
MODES = ("new connections", "kept alive", "bare, new connections", "bare, kept alive")
Results = dict[str, Any]  # as benchmarks/board/main.py prints them


def run(image: Path) -> Results:
    """Boot an image of benchmarks/board and return the figures it prints."""
    process = subprocess.Popen(
        [*QEMU, "-kernel", image],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    watchdog = threading.Timer(DEADLINE, process.kill)
    watchdog.start()
    said = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("RESULTS "):
                results: Results = json.loads(line.removeprefix("RESULTS "))
                return results
            said.append(line)
            if line.startswith("FAILED"):
                break
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
    raise RuntimeError(f"{image} printed no figures:\n{''.join(said)}")


def report(results: dict[str, Results]) -> None:
    """Print all figures, and their ratios to the reference's."""
    base = results["reference"]["new connections"]["instructions"]
    for library in LIBRARIES:
        print(
            f"board        {library:9} {'import':21} {results[library]['import']:9,} bytes of RAM"
        )
        for mode in MODES:
            if figures := results[library].get(mode):
                count = figures["instructions"]
                print(
                    f"board        {library:9} {mode:21} {count:9,} instructions "
                    f"({base / count:4.1f}x) {figures['bytes']:6,} bytes allocated"
                )


def main() -> int:
    argparse.ArgumentParser(description=__doc__).parse_args()
    images = {library: BUILD / f"bench-{library}" / "firmware.elf" for library in LIBRARIES}
    if missing := [image.parent.name for image in images.values() if not image.exists()]:
        print(f"there is no image in build/{missing[0]}; `make bench` builds it")
        return 1
    try:
        report({library: run(image) for library, image in images.items()})
    except (OSError, RuntimeError) as error:
        print(f"the board cannot be measured: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
