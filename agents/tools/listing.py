"""list_files: which files there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from agents.evidence import Evidence
from agents.tools.call import Observation
from agents.tools.names import listed
from agents.tools.shown import framed, one_line, plural, quoted, word
from agents.tools.spec import Parameter, ToolSpec
from rag.extent import Extent

Files = Callable[[], Sequence[Extent]]

LIST_FILES = ToolSpec(
    "list_files",
    "List the files of the folder. It shows names only: search to find out what they say.",
    (Parameter("pattern", "string", "Part of a name, or a pattern like *.pdf", required=False),),
    informs=False,
)
SHOWN = 25
PATTERN_CHARS = 200


def files_listed(files: Sequence[Extent], pattern: str | None, evidence: Evidence) -> Observation:
    wanted = (pattern or "").strip()[:PATTERN_CHARS].casefold()
    fitting = [one for one in files if fits(one.file, wanted)]
    if not fitting:
        some = listed([one.file for one in files])
        return word(f"No file fits {quoted(pattern or '')}. There are {plural(len(files), 'file')}: {some}.", evidence)
    names = "\n".join(f"{one_line(one.file)} ({_extent(one)})" for one in fitting[:SHOWN])
    more = len(fitting) - SHOWN
    note = f"\n({plural(more, 'more file')}: name a pattern, such as a folder or *.pdf)" if more > 0 else ""
    head = f"{plural(len(fitting), 'file')}{' fitting ' + quoted(pattern) if pattern and wanted else ''}:\n"
    return Observation(
        f"{head}{framed(chr(10) + names)}{note}", evidence, f"({plural(len(fitting), 'file')}; names left out)"
    )


def fits(file: str, wanted: str) -> bool:
    """Whether the path or the bare name fits the pattern, case aside; without a wildcard whether the path holds it."""
    path = file.casefold()
    if not set("*?[") & set(wanted):
        return wanted in path
    return fnmatchcase(path, wanted) or fnmatchcase(path.rpartition("/")[2], wanted)


def _extent(one: Extent) -> str:
    return plural(one.passages, "passage") if one.pages is None else plural(one.pages, "page")
