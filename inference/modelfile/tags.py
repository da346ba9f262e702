"""Names behind FROM: what can be a name on Ollama at all, and names of Qwen that the library does not have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from inference.choice.catalog import find_model

SIZES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "qwen": ("0.5b", "1.8b", "4b", "7b", "14b", "32b", "72b", "110b"),
        "qwen2": ("0.5b", "1.5b", "7b", "72b"),
        "qwen2.5": ("0.5b", "1.5b", "3b", "7b", "14b", "32b", "72b"),
        "qwen3": ("0.6b", "1.7b", "4b", "8b", "14b", "30b", "32b", "235b"),
        "qwen3.5": ("0.8b", "2b", "4b", "9b", "27b", "35b", "122b", "397b"),
        "qwen3.6": ("27b", "35b"),
    }
)
"""Qwen's repositories in Ollama's library and the sizes they come in; `qwen` alone is Qwen 1.5."""
MIXTURES: Mapping[str, str] = MappingProxyType({"qwen3": "qwen3:30b-a3b", "qwen3.5": "qwen3.5:35b"})
"""The smallest mixture of experts of a family that has dense models too."""
INHERITED: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {"qwen3.5": (("presence_penalty", "1.5"), ("temperature", "1"), ("top_k", "20"), ("top_p", "0.95"))}
)
"""Parameters that a family's models in the library bring along, for where no server tells."""

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
_NAME = re.compile(
    rf"(?:https?://)?(?:[A-Za-z0-9_][A-Za-z0-9_.:-]{{0,349}}/)?(?:[A-Za-z0-9_][A-Za-z0-9_-]{{0,79}}/)?{_PART}(?::{_PART})?"
)
_QWEN = re.compile(r"qwen[\W_]*(\d(?:\.\d)?)[\W_]+(?:moe[\W_]+)?(\d+(?:\.\d+)?b)\b", re.IGNORECASE)
_PATH = re.compile(r"^(?:[./~\\]|[A-Za-z]:[\\/])|\.(?:gguf|safetensors|bin)$", re.IGNORECASE)
_CLOUD = re.compile(r"[:-]cloud$")


@dataclass(frozen=True, slots=True)
class TagFault:
    """Why a name cannot be used, and the one that was meant; None: not known."""

    evidence: str
    reason: str
    instead: str | None = None


def is_path(name: str) -> bool:
    """Whether a FROM names a file or a folder rather than a model."""
    return _PATH.search(name) is not None


def is_cloud(name: str) -> bool:
    """Whether a tag runs on somebody else's computer."""
    return _CLOUD.search(name) is not None


def repository(name: str) -> str:
    """ "qwen3.5:2b" -> "qwen3.5"; a name that is not the library's own keeps its first parts."""
    tagged = ":" in name.rpartition("/")[2]
    return (name.rpartition(":")[0] if tagged else name).lower()


def tag_fault(name: str) -> TagFault | None:
    """What is wrong with a name that no server has; None where it may well exist."""
    if _NAME.fullmatch(name) is None:
        return TagFault(
            "Ollama's names are [host/][namespace/]model[:tag]", "this cannot be a model's name", meant(name)
        )
    repo, tag = repository(name), name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""
    instead = meant(name)
    if repo in ("qwen", "qwen-moe") and re.match(r"v?\d(?:\.\d)?[-_]", tag):
        return TagFault(
            f"`qwen` in Ollama's library is Qwen 1.5 ({', '.join(SIZES['qwen'])}): no tag of it begins with a version",
            f"there is no {name}{_rather(instead, name)}",
            instead,
        )
    if instead is not None and repository(instead) != repo and _spells_a_version(repo):
        return TagFault(
            "the library writes a version into the model's name and a size into the tag",
            f"there is no {name}{_rather(instead, name)}",
            instead,
        )
    return None


def meant(name: str) -> str | None:
    """The tag of Qwen that a name spells in another way: "qwen:3.5-2b-q4_K_M" -> "qwen3.5:2b"."""
    found = _QWEN.search(name)
    if found is None:
        return None
    repo, size = f"qwen{found[1]}", found[2].lower()
    return f"{repo}:{size}" if size in SIZES.get(repo, ()) else None


def unknown_size(name: str) -> TagFault | None:
    """A size that a family of Qwen is not known to come in."""
    repo = repository(name)
    size = re.match(r"\d+(?:\.\d+)?b\b", name.rpartition(":")[2])
    if repo not in SIZES or size is None or size[0] in SIZES[repo]:
        return None
    return TagFault(f"{repo} is known here in {', '.join(SIZES[repo])}", f"{size[0]} is not among them: check the name")


def dense(name: str) -> str | None:
    """The mixture of experts of the same family, where the tag is one of its dense models."""
    mixture = MIXTURES.get(repository(name))
    size = name.rpartition(":")[2].partition("-")[0]
    if mixture is None or size not in SIZES[repository(name)]:
        return None
    limit = float(mixture.rpartition(":")[2].partition("-")[0].removesuffix("b"))
    return mixture if float(size.removesuffix("b")) < limit or size == "32b" else None


def inherited(name: str) -> tuple[tuple[str, str], ...]:
    return INHERITED.get(repository(name), ())


def _spells_a_version(repo: str) -> bool:
    """A name for the library such as qwen-3.5, qwen3.5-moe or qwen3.5-2b; other places may hold any name."""
    return re.fullmatch(r"qwen[-_.]?v?\d(?:\.\d)?(?:[-_]moe)?(?:[-_]\d+(?:\.\d+)?b.*)?", repo) is not None


def _rather(instead: str | None, name: str) -> str:
    """What there is instead, and whether its weights are of another kind than the name asked for."""
    if instead is None:
        return ""
    mixture, known = dense(instead), find_model(instead)
    kind = known.file_of(instead).quantisation if known else None
    asked = re.search(r"q\d\w*|f16|bf16", name, re.IGNORECASE)
    other = kind is not None and asked is not None and asked[0].lower() != kind.lower()
    return (
        f"; {instead} exists"
        + (f" and is dense, the mixture of experts is {mixture}" if mixture else "")
        + (f"; its weights are {kind}, whatever the name asked for" if other else "")
    )
