"""Small models of sentence-transformers with random weights, saved as the library saves them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.encode.torch_model import quiet_and_offline

WORDS = "the a of and tea green black kettle brew hot cold query passage : , . when is where how ##s ##ing ##er".split()


def save_encoder(
    folder: Path,
    *,
    pooling: str = "mean",
    activation: str = "gelu",
    seed: int = 0,
    prompts: Mapping[str, str] | None = None,
) -> Path:
    """A BERT of two layers and 32 numbers; with an activation other than "gelu" it is none that numpy runs."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    base = _save_bert(folder.with_name(f"{folder.name}-base"), _config(activation), seed)
    transformer = Transformer(str(base), model_kwargs={"dtype": torch.float32})
    transformer.max_seq_length = 24
    modules = [transformer, Pooling(32, pooling_mode=pooling), Normalize()]
    SentenceTransformer(modules=modules, prompts=dict(prompts or {}), device="cpu").save(str(folder))
    return folder


def save_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """A BERT of two layers that gives a pair `labels` numbers."""
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(0)
    model = BertForSequenceClassification(_config("gelu", num_labels=labels))
    model.save_pretrained(str(folder))
    _save_tokenizer(folder)
    return folder


def _save_bert(folder: Path, config: Any, seed: int) -> Path:
    import torch
    from transformers import BertModel

    torch.manual_seed(seed)
    model = BertModel(config)
    for parameter in model.parameters():  # as initialised all texts look alike
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(str(folder))
    _save_tokenizer(folder)
    return folder


def _config(activation: str, **more: Any) -> Any:
    quiet_and_offline()
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(WORDS) + 31,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        hidden_act=activation,
        **more,
    )


def _save_tokenizer(folder: Path) -> None:
    from transformers import BertTokenizer

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *WORDS[2:]]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys(words)), "utf-8")
    BertTokenizer(str(vocabulary)).save_pretrained(str(folder))


def change(path: Path, **values: Any) -> None:
    """Sets keys of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")
