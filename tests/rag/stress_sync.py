"""A long trial of the index, run by hand: kills at random points, then writers and readers side by side.

    python -m tests.rag.stress_sync --kills 50 --seconds 120

After each kill and at the end everything is compared with the folder and with an index made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference.errors import IndexBusyError
from rag.encoder import Vectors
from rag.index import Index
from tests.rag.small import fill

ROOT = Path(__file__).parents[2]


class HashEncoder:
    """A direction of its own for each text, at once."""

    name, digest, dimension, max_tokens = "hash", "hash-1", 64, 66

    def documents(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(self.dimension)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def opened(folder: Path, location: Path) -> Index:
    """With Chroma in use, as in an index of many passages."""
    index = Index.open(folder, index=location, encoder=HashEncoder())
    index._store.few = 0
    return index


def document(chance: random.Random, number: int) -> str:
    """A few sections of sentences; some are shared by documents."""
    sections = []
    for section in range(chance.randint(1, 8)):
        key = chance.randint(0, 10_000)
        words = " ".join(f"word{chance.randint(0, 400)}" for _ in range(30))
        sections.append(f"# Part {section} of {number}\n\nThe code {key} stands for {words}.\n")
    return "\n".join(sections)


def change(folder: Path, chance: random.Random) -> None:
    """Edits, adds, renames, copies and deletes a few files."""
    for _ in range(chance.randint(5, 60)):
        files = sorted(folder.glob("*.md"))
        new = f"file{chance.randint(0, 9_999)}.md"
        path = chance.choice(files)
        match chance.choice(["edit", "add", "rename", "copy", "delete", "delete", "delete"]):
            case "edit":
                path.write_text(path.read_text() + f"\n# More\n\nAnd {chance.randint(0, 9_999)} too.\n")
            case "rename":
                path.rename(folder / new)
            case "copy":
                fill(folder, {f"copies/{path.name}": path.read_text(), new: path.read_text()})
            case "delete" if len(files) > 20:
                path.unlink()
            case _:
                fill(folder, {new: document(chance, chance.randint(0, 9_999))})


Contents = list[tuple[str, int, int, str, str]]
"""(file, start, end, text, header) of all passages."""


def check(folder: Path, location: Path) -> Contents:
    """Brings the index up to the folder and compares: text, words, vectors, and an index made anew."""
    with opened(folder, location) as index:
        index.sync()
        index.search("word1")
        found = _contents(index, folder)
    with (
        tempfile.TemporaryDirectory() as fresh,
        opened(folder, Path(fresh)) as index,
    ):
        index.sync()
        assert found == _contents(index, folder), "another state than an index made anew has"
    return found


def _told(found: Contents) -> str:
    return f"{len({file for file, *_ in found})} files, {len(found)} passages"


def _contents(index: Index, folder: Path) -> Contents:
    """All passages, each checked against the file, the words and its vector."""
    database, vectors = index._store.database, index._store._vectors
    database.connection.execute("INSERT INTO lexicon (lexicon, rank) VALUES ('integrity-check', 1)")
    assert database.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.connection.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = database.connection.execute(
        'SELECT passages.id, path, start, "end", text, header, embedding, vector_state'
        " FROM passages JOIN files ON files.id = file_id ORDER BY path, start"
    ).fetchall()
    stored = database.vectors([row[0] for row in rows])
    copies: dict[str, set[int]] = {}
    for row in rows:
        copies.setdefault(row[6], set()).add(row[0])
    assert vectors.count() == len(rows) == len(stored), "Chroma holds more or fewer than there are passages"
    assert database.unembedded() == []
    with vectors._collection() as collection:
        held = collection.get(include=["embeddings"])
    in_chroma = dict(zip(map(int, held["ids"]), held["embeddings"], strict=True))
    missed = 0
    for key, path, start, end, text, _, embedding, state in rows:
        assert (folder / path).read_text()[start:end] == text, f"{path} {start}: not the text of the file"
        assert state == 2
        assert np.allclose(in_chroma[key], stored[key], atol=1e-6), f"{path} {start}: a wrong vector in Chroma"
        missed += not copies[embedding] <= vectors.nearest(stored[key], 20 + len(copies[embedding])).keys()
    # Its graph is approximate: a vector that is held may be missed, but hardly ever by itself.
    assert missed <= 2 + len(rows) / 200, f"Chroma does not find {missed} of {len(rows)} by their own vectors"
    if missed:
        print(f"({missed} of {len(rows)} not found by their own vectors)", flush=True)
    listed = [file.path for file in index.files() if file.outcome == "indexed"]
    assert listed == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
    return [(path, start, end, text, header) for _, path, start, end, text, header, *_ in rows]


def kills(folder: Path, location: Path, times: int, chance: random.Random) -> None:
    """Changes the folder, kills a sync at some moment, checks; again and again."""
    longest = 8.0
    for number in range(1, times + 1):
        change(folder, chance)
        process = spawn("sync", folder, location, seed=number)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        began = time.monotonic()
        try:
            process.wait(chance.uniform(0, longest))
            longest = 1.2 * (time.monotonic() - began)
            end = "done"
        except subprocess.TimeoutExpired:
            process.kill()
            end = "killed"
        seconds = time.monotonic() - began
        process.communicate()
        with opened(folder, location) as index:
            left = f"{index.passages} passages, {index.embedded_share:.0%} embedded"
        print(f"{number}: {end} after {seconds:.2f} s with {left}; then {_told(check(folder, location))}", flush=True)


def side_by_side(folder: Path, location: Path, seconds: float, chance: random.Random) -> Contents:
    """Two processes sync and four search, while the folder changes."""
    roles = ["writer", "writer", "reader", "reader", "reader", "reader"]
    processes = [spawn(role, folder, location, seed=number, seconds=seconds) for number, role in enumerate(roles)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        change(folder, chance)
        time.sleep(1)
    for role, process in zip(roles, processes, strict=True):
        output, _ = process.communicate()
        assert process.returncode == 0, f"a {role} failed"
        print(f"{role}: {output.strip().splitlines()[-1]}", flush=True)
    found = check(folder, location)
    print(f"side by side for {seconds:.0f} s; then {_told(found)}", flush=True)
    return found


def spawn(role: str, folder: Path, location: Path, *, seed: int, seconds: float = 0) -> subprocess.Popen[str]:
    places = ["--folder", str(folder), "--index", str(location)]
    command = [sys.executable, "-m", "tests.rag.stress_sync", "--role", role, *places]
    options = ["--seed", str(seed), "--seconds", str(seconds)]
    return subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, cwd=ROOT)


def sync_once(folder: Path, location: Path) -> None:
    with opened(folder, location) as index:
        print("begun", flush=True)
        index.sync()


def write(folder: Path, location: Path, seconds: float) -> None:
    """Syncs, in an index that stays open."""
    end, done, busy = time.monotonic() + seconds, 0, 0
    with opened(folder, location) as index:
        while time.monotonic() < end:
            try:
                index.sync(wait=done % 2 == 0)
                done += 1
            except IndexBusyError:
                busy += 1
                time.sleep(0.2)
    print(f"{done} syncs, {busy} times refused")


def read(folder: Path, location: Path, seconds: float, chance: random.Random) -> None:
    """Searches, in an index that stays open: each passage stands in the text that is stored, no search fails."""
    end, done, found, alone = time.monotonic() + seconds, 0, 0, 0
    with opened(folder, location) as index:
        while time.monotonic() < end:
            for passage in index.search(f"word{chance.randint(0, 400)} word{chance.randint(0, 400)}"):
                found += 1
                stored = index._database.page_text(passage.file, passage.page)
                # The file may have been replaced since it was found.
                if stored is None or stored[1][passage.start : passage.end] != passage.text:
                    alone += 1
            done += 1
    assert found, "nothing was found"
    assert alone < found / 10, f"{alone} of {found} passages do not stand in their text"
    print(f"{done} searches, {found} passages, {alone} of them replaced in the meantime")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=50)
    for internal in ("--role", "--folder", "--index"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    if options.role == "sync":
        sync_once(Path(options.folder), Path(options.index))
    elif options.role == "writer":
        write(Path(options.folder), Path(options.index), options.seconds)
    elif options.role == "reader":
        read(Path(options.folder), Path(options.index), options.seconds, chance)
    else:
        with tempfile.TemporaryDirectory() as place:
            trial(Path(place), options.files, options.kills, options.seconds, chance)


def trial(place: Path, files: int, times: int, seconds: float, chance: random.Random) -> Contents:
    """What the index of `place`/docs holds at the end."""
    folder = fill(place / "docs", {f"file{number}.md": document(chance, number) for number in range(files)})
    print(_told(check(folder, place / "index")), flush=True)
    kills(folder, place / "index", times, chance)
    return side_by_side(folder, place / "index", seconds, chance)


if __name__ == "__main__":
    main()
