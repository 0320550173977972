"""Fetches the foreign sources that ports/sources.lock names, checks and lays them out for a build.

Afterwards `<deps>/src/micropython` is a MicroPython tree with the locked libraries in place,
and each tree holds a `.source.json` that says what it is. Only the standard library is used: this
runs before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "ports" / "sources.lock"
APT_HELPER = "/usr/lib/apt/apt-helper"
RELEASE = "trixie"  # the Debian release whose archive carries the locked files


class SourceError(Exception):
    """A source cannot be had; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Source:
    """One entry of the lock file."""

    name: str
    version: str
    link: str | None
    debian: dict[str, str | int]
    git: dict[str, str]

    @property
    def series(self) -> str:
        """Major and minor version: what a newer Debian revision must share."""
        return ".".join(self.version.split(".")[:2])

    @property
    def package(self) -> str:
        """Debian's source package: the folder of the file in the archive's pool."""
        return str(self.debian["path"]).split("/")[-2]


def read_lock(path: Path) -> list[Source]:
    """Parses the lock file, in the order in which it names the sources."""
    with path.open("rb") as file:
        entries = tomllib.load(file)
    return [
        Source(name, entry["version"], entry.get("link"), entry["debian"], entry["git"])
        for name, entry in entries.items()
    ]


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def apt_archives() -> list[str]:
    """Addresses of the archives that this machine's apt uses, Debian's own first."""
    if not shutil.which("apt-get"):
        raise SourceError(
            "no apt-get here to reach Debian's archive with; run the same command with SOURCES=git"
        )
    # Origin is only known once apt has read the archive's Release file; without it any archive is
    # worth a try, because what is fetched is checked against the lock.
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    rows = [line.split("|", 1) for line in listing.splitlines() if "|" in line]
    rows.sort(key=lambda row: row[0] != "Debian")
    return list(dict.fromkeys(uri for _origin, uri in rows))


class Debian:
    """Sources from Debian's archive, by apt's own downloader, with no package of it installed."""

    def __init__(self, deps: Path, archives: list[str], locked: bool) -> None:
        self.downloads = deps / "downloads"
        self.state = deps / "apt"
        self.archives = archives
        self.locked = locked

    def fetch(self, source: Source) -> tuple[Path, dict[str, str]]:
        """Returns the checked tarball of `source` and its record. Raises SourceError."""
        path, sha256 = str(source.debian["path"]), str(source.debian["sha256"])
        target = self.downloads / Path(path).name
        if target.exists() and sha256_of(target) != sha256:
            say(f"{target.name} in the download folder is damaged: downloading it again")
            target.unlink()
        if not target.exists():
            say(
                f"Downloading {source.name} {source.version} "
                f"({int(source.debian['bytes']) / 1e6:.1f} MB)"
            )
            if not any(self._download(f"{uri}{path}", target, sha256) for uri in self.archives):
                return self._newer(source)
        return target, {"origin": "debian", "file": target.name, "sha256": sha256}

    def _download(self, uri: str, target: Path, sha256: str) -> bool:
        """True when `uri` was fetched and checked, False when the archive does not hold it."""
        self.downloads.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".part")
        partial.unlink(missing_ok=True)
        command = [APT_HELPER, "-o", "Acquire::Retries=2"]
        if os.geteuid() == 0:
            command += ["-o", "APT::Sandbox::User=root"]
        run = subprocess.run(
            [*command, "download-file", uri, str(partial)],
            capture_output=True,
            text=True,
            check=False,
        )
        output = run.stdout + run.stderr
        if run.returncode != 0:
            partial.unlink(missing_ok=True)
            if re.search(r"\b404\b|File not found|No such file", output):
                return False
            raise SourceError(
                f"{target.name} cannot be downloaded ({_apt_reason(output)}); check the network, "
                "then run the same command again"
            )
        found = sha256_of(partial)
        if found != sha256:
            partial.unlink()
            raise SourceError(
                f"{target.name} arrived damaged: its SHA-256 is {found[:12]}..., the lock says "
                f"{sha256[:12]}...; it was thrown away, run the same command again"
            )
        partial.rename(target)
        return True

    def _newer(self, source: Source) -> tuple[Path, dict[str, str]]:
        """A newer revision of the same series, where Debian has replaced the locked one."""
        for uri, name, sha256 in self._offered(source):
            version = name.split("_", 1)[1]
            if not re.match(rf"{re.escape(source.series)}(?![0-9])", version):
                continue
            if self.locked:
                raise SourceError(
                    f"Debian no longer has {source.name} {source.version}, it offers {name}; "
                    "LOCKED=1 refuses it: run without LOCKED=1, or with SOURCES=git"
                )
            target = self.downloads / name
            if (target.exists() and sha256_of(target) == sha256) or self._download(
                uri, target, sha256
            ):
                say(f"Debian has replaced {source.name} {source.version}: building with {name}")
                return target, {
                    "origin": "debian",
                    "file": name,
                    "sha256": sha256,
                    "replaces": source.version,
                }
        raise SourceError(
            f"Debian's archive has no {source.name} {source.series} any more; "
            "run the same command with SOURCES=git"
        )

    def _offered(self, source: Source) -> list[tuple[str, str, str]]:
        """(address, file name, sha256) of the tarballs that Debian's signed index offers now."""
        say(f"Looking up {source.name} in Debian's index")
        apt = self._apt_client()
        offered = []
        for release in (RELEASE, f"{RELEASE}-security"):
            run = subprocess.run(
                [*apt, "--print-uris", "--download-only", "source", f"{source.package}/{release}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            pattern = r"'(\S+)' (\S+\.orig\.tar\.\S+) \d+ SHA256:([0-9a-f]{64})"
            offered += re.findall(pattern, run.stdout)
        return offered

    def _apt_client(self) -> list[str]:
        """apt-get with lists and state of its own: another release never reaches the system's."""
        for folder in ("lists/partial", "cache/archives/partial", "etc"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)
        (self.state / "status").touch()
        keyring = next(
            (str(p) for p in sorted(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))),
            None,
        )
        option = f"[signed-by={keyring}] " if keyring else ""
        lines = [f"deb-src {option}{uri} {RELEASE} main" for uri in self.archives]
        lines += [f"deb-src {option}{uri} {RELEASE}-security main" for uri in self.archives]
        sources = self.state / "etc" / "sources.list"
        sources.write_text("\n".join(lines) + "\n")
        root = self.state.resolve()
        options = {
            "Dir::Etc::sourcelist": sources.resolve(),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": root / "lists",
            "Dir::State::status": root / "status",
            "Dir::Cache": root / "cache",
            "Acquire::Languages": "none",
            "APT::Sandbox::User": "root",
        }
        apt = [
            "apt-get",
            "-q",
            *(part for key, value in options.items() for part in ("-o", f"{key}={value}")),
        ]
        # An archive that lacks one of the two suites is an error to apt and none to us: what
        # matters is what is offered.
        subprocess.run([*apt, "update"], capture_output=True, check=False)
        return apt


def _apt_reason(output: str) -> str:
    """The first error that apt names, without the address that it was talking to."""
    for line in output.splitlines():
        if line.startswith(("E: ", "Err:", "W: ")):
            return re.sub(r"\S+://\S+", "the archive", line.split(": ", 1)[-1])[:120].strip()
    return "no reason given"


def fetch_git(source: Source, deps: Path) -> tuple[Path, dict[str, str]]:
    """Clones `source` at its tag and checks the commit; returns the clone and its record.

    Raises SourceError.
    """
    if not shutil.which("git"):
        raise SourceError("SOURCES=git needs git; install it, then run the same command again")
    clone = deps / "downloads" / f"{source.name}-{source.git['commit'][:12]}.git"
    if not clone.exists():
        say(f"Cloning {source.name} {source.git['tag']} from {source.git['url']}")
        partial = clone.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "-c", "advice.detachedHead=false", "clone", "--quiet", "--depth", "1"]
        run = subprocess.run(
            [*command, "--branch", source.git["tag"], source.git["url"], str(partial)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode != 0:
            shutil.rmtree(partial, ignore_errors=True)
            reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise SourceError(
                f"{source.name} cannot be cloned: {reason}; check the network, "
                "then run the same command again"
            )
        head = subprocess.run(
            ["git", "-C", str(partial), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        if head != source.git["commit"]:
            shutil.rmtree(partial)
            raise SourceError(
                f"{source.name}'s tag {source.git['tag']} is commit {head[:12]}, the lock says "
                f"{source.git['commit'][:12]}: the tag was moved; do not build before you know why"
            )
        partial.rename(clone)
    return clone, {"origin": "git", "tag": source.git["tag"], "commit": source.git["commit"]}


def unpack(fetched: Path, tree: Path) -> None:
    """Replaces `tree` by the content of a tarball (without its top folder) or of a clone."""
    fresh = tree.with_name(tree.name + ".part")
    shutil.rmtree(fresh, ignore_errors=True)
    if fetched.is_dir():
        shutil.copytree(fetched, fresh, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    else:
        fresh.mkdir(parents=True)
        run = subprocess.run(
            ["tar", "-xf", str(fetched), "-C", str(fresh), "--strip-components=1"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode != 0:
            shutil.rmtree(fresh)
            raise SourceError(
                f"{fetched.name} cannot be unpacked: {run.stderr.strip().splitlines()[-1]}"
            )
    shutil.rmtree(tree, ignore_errors=True)
    fresh.rename(tree)


def assemble(sources: list[Source], src: Path) -> None:
    """Puts the libraries where MicroPython's makefiles look for them, as links."""
    top = src / "micropython"
    for source in sources:
        if source.link:
            place = top / source.link
            wanted = os.path.relpath(src / source.name, place.parent)
            if place.is_symlink() and os.readlink(place) == wanted:
                continue
            if place.is_symlink():
                place.unlink()
            else:
                shutil.rmtree(place, ignore_errors=True)
            place.symlink_to(wanted)
    # MicroPython's makefiles ask for this file before they freeze anything, although nothing of
    # ours require()s it.
    readme = top / "lib" / "micropython-lib" / "README.md"
    if not readme.exists():
        readme.parent.mkdir(parents=True, exist_ok=True)
        readme.write_text(
            "micropython-lib is not part of this tree: what boards need is in ports/stdlib.\n"
        )


def is_ready(source: Source, tree: Path, origin: str) -> bool:
    """True when `tree` holds what the lock names, or what Debian replaced it with."""
    try:
        record = json.loads((tree / ".source.json").read_text())
    except (OSError, ValueError):
        return False
    if record.get("origin") != origin:
        return False
    if origin == "git":
        return bool(record["commit"] == source.git["commit"])
    return record["sha256"] == source.debian["sha256"] or record.get("replaces") == source.version


def prepare(
    sources: list[Source], deps: Path, origin: str, archives: list[str], locked: bool
) -> None:
    """Brings every tree under `<deps>/src` up to the lock.

    Raises SourceError; what was done by then stays usable.
    """
    src = deps / "src"
    src.mkdir(parents=True, exist_ok=True)
    debian: Debian | None = None
    for source in sources:
        tree = src / source.name
        ready = is_ready(source, tree, origin)
        if ready and not (locked and "replaces" in (tree / ".source.json").read_text()):
            continue
        if origin == "git":
            fetched, record = fetch_git(source, deps)
        else:
            debian = debian or Debian(deps, archives or apt_archives(), locked)
            fetched, record = debian.fetch(source)
        say(f"Unpacking {source.name} {source.version}")
        unpack(fetched, tree)
        record = {"name": source.name, "version": source.version, **record}
        (tree / ".source.json").write_text(json.dumps(record, indent=2) + "\n")
    assemble(sources, src)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--deps", type=Path, default=Path(".deps"), help="folder for downloads and trees"
    )
    parser.add_argument("--origin", choices=("debian", "git"), default="debian")
    parser.add_argument("--locked", action="store_true", help="refuse a newer Debian revision")
    parser.add_argument("--lock", type=Path, default=LOCK, help="the lock file")
    parser.add_argument(
        "--archive", action="append", default=[], help="archive to use in place of apt's own"
    )
    args = parser.parse_args(arguments)
    try:
        prepare(read_lock(args.lock), args.deps, args.origin, args.archive, args.locked)
    except SourceError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
