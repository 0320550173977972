"""tools/sources.py against small archives and repositories made here: no network."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
import sources

FILE = "pool/main/l/lib/lib_1.2.3.orig.tar.xz"


def make_tarball(path: Path, content: str) -> str:
    """A tarball like an upstream release, with one top folder; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz") as tar:
        data = content.encode()
        info = tarfile.TarInfo("lib-1.2.3/README")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return sources.sha256_of(path)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    run = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


class Workshop:
    """A deps folder, an archive and a lock that names one source of it."""

    def __init__(self, root: Path) -> None:
        self.deps = root / "deps"
        self.archive = root / "archive"
        self.sha256 = make_tarball(self.archive / FILE, "first")
        repository = root / "repository"
        repository.mkdir()
        (repository / "README").write_text("from git")
        git(repository, "init", "-q")
        git(repository, "add", "README")
        git(repository, "commit", "-qm", "release")
        git(repository, "tag", "v1.2.3")
        self.repository = repository
        self.commit = git(repository, "rev-parse", "HEAD")

    def source(self, **changes: str) -> sources.Source:
        debian = {"path": FILE, "bytes": 100, "sha256": changes.get("sha256", self.sha256)}
        commit = changes.get("commit", self.commit)
        origin = {"url": self.repository.as_uri(), "tag": "v1.2.3", "commit": commit}
        return sources.Source("lib", "1.2.3", None, debian, origin)

    def prepare(
        self, source: sources.Source, origin: str = "debian", locked: bool = False
    ) -> Path:
        (self.deps / "src" / "micropython" / "lib").mkdir(parents=True, exist_ok=True)
        sources.prepare([source], self.deps, origin, [f"{self.archive.as_uri()}/"], locked)
        return self.deps / "src" / "lib"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_a_tarball_is_fetched_checked_and_unpacked(workshop: Workshop) -> None:
    tree = workshop.prepare(workshop.source())
    assert (tree / "README").read_text() == "first"
    assert json.loads((tree / ".source.json").read_text())["sha256"] == workshop.sha256


def test_a_second_call_needs_no_archive(workshop: Workshop) -> None:
    workshop.prepare(workshop.source())
    (workshop.archive / FILE).unlink()
    tree = workshop.prepare(workshop.source())
    assert (tree / "README").read_text() == "first"


def test_a_damaged_download_is_thrown_away_and_named(workshop: Workshop) -> None:
    (workshop.archive / FILE).write_bytes(b"not what the lock says")
    with pytest.raises(sources.SourceError, match=r"arrived damaged|cannot be downloaded"):
        workshop.prepare(workshop.source())
    assert list((workshop.deps / "downloads").iterdir()) == [], "a damaged file was left behind"


def test_a_damaged_file_in_the_download_folder_is_fetched_again(workshop: Workshop) -> None:
    kept = workshop.deps / "downloads" / Path(FILE).name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"cut off")
    assert (workshop.prepare(workshop.source()) / "README").read_text() == "first"


def test_no_archive_in_reach_leaves_nothing_half_done(workshop: Workshop) -> None:
    source = workshop.source()
    (workshop.deps / "src" / "micropython" / "lib").mkdir(parents=True)
    with pytest.raises(
        sources.SourceError, match="check the network, then run the same command again"
    ):
        # Port 1 of this machine: nothing listens there, the connection is refused at once.
        sources.prepare([source], workshop.deps, "debian", ["http://127.0.0.1:1/"], False)
    assert not (workshop.deps / "src" / "lib").exists()
    assert (workshop.prepare(source) / "README").read_text() == "first"


@pytest.fixture
def replaced(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Debian has dropped the locked file and offers 1.2.4 (and another series)."""
    (workshop.archive / FILE).unlink()
    offers = []
    for name in ("lib_1.20.0.orig.tar.xz", "lib_1.2.4.orig.tar.xz"):
        path = workshop.archive / "pool" / name
        offers.append((path.as_uri(), name, make_tarball(path, name)))
    monkeypatch.setattr(sources.Debian, "_offered", lambda _self, _source: offers)
    return workshop


def test_a_newer_revision_of_the_series_replaces_one_that_is_gone(
    replaced: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = replaced.prepare(replaced.source())
    assert (tree / "README").read_text() == "lib_1.2.4.orig.tar.xz"
    assert (
        "Debian has replaced lib 1.2.3: building with lib_1.2.4.orig.tar.xz"
        in capsys.readouterr().out
    )
    assert json.loads((tree / ".source.json").read_text())["replaces"] == "1.2.3"


def test_locked_refuses_a_newer_revision(replaced: Workshop) -> None:
    with pytest.raises(sources.SourceError, match="LOCKED=1 refuses"):
        replaced.prepare(replaced.source(), locked=True)


def test_locked_also_refuses_a_newer_revision_that_is_already_there(replaced: Workshop) -> None:
    replaced.prepare(replaced.source())
    with pytest.raises(sources.SourceError, match="LOCKED=1 refuses"):
        replaced.prepare(replaced.source(), locked=True)


def test_git_by_tag_and_commit(workshop: Workshop) -> None:
    tree = workshop.prepare(workshop.source(), origin="git")
    assert (tree / "README").read_text() == "from git"
    assert not (tree / ".git").exists()
    assert json.loads((tree / ".source.json").read_text())["commit"] == workshop.commit


def test_a_moved_tag_is_refused(workshop: Workshop) -> None:
    with pytest.raises(sources.SourceError, match="the tag was moved"):
        workshop.prepare(workshop.source(commit="0" * 40), origin="git")


def test_changing_the_origin_replaces_the_tree(workshop: Workshop) -> None:
    workshop.prepare(workshop.source())
    tree = workshop.prepare(workshop.source(), origin="git")
    assert (tree / "README").read_text() == "from git"


def test_a_repository_out_of_reach_says_so(workshop: Workshop) -> None:
    source = workshop.source()
    source.git["url"] = (workshop.repository.parent / "gone").as_uri()
    with pytest.raises(sources.SourceError, match="cannot be cloned"):
        workshop.prepare(source, origin="git")


def test_the_project_s_own_lock_is_complete() -> None:
    for source in sources.read_lock(sources.LOCK):
        assert len(str(source.debian["sha256"])) == 64, source.name
        assert len(source.git["commit"]) == 40, source.name
        assert source.series in str(source.debian["path"]), source.name


def test_libraries_are_linked_into_micropython_s_tree(tmp_path: Path) -> None:
    (tmp_path / "micropython" / "lib" / "lwip").mkdir(parents=True)
    (tmp_path / "lwip").mkdir()
    lwip = sources.Source("lwip", "2.2.1", "lib/lwip", {}, {})
    for _ in range(2):
        sources.assemble([lwip], tmp_path)
        assert (tmp_path / "micropython" / "lib" / "lwip").resolve() == tmp_path / "lwip"
