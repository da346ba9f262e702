"""Where the time of one question went, stage by stage, and the one thing to change first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from inference.record import Generation

STAGES = ("sync", "connect", "rewrite", "retrieve", "load", "prefill", "think", "answer", "verify")
"""In the order in which a question goes through them. `connect` finds the model, and loads it where only the loaded
one tells its context; `rewrite` makes a follow-up stand alone; `load` is what the engine says that it loaded for the
question itself."""

STANDS_OUT = 0.25
"""Of the whole time, the least share …"""
NOTICED_S = 0.5
"""… and the least seconds of a stage that is worth a change."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`stages` maps those of STAGES that the question went through, in order, to seconds; None: not told by the
    engine. `total_s` is the wall time from the command's start to the verified answer."""

    stages: Mapping[str, float | None]
    total_s: float
    prompts: int = 1
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    decode_tokens: int | None = None

    @property
    def sum_s(self) -> float:
        """Of the stages that are known."""
        return sum(seconds for seconds in self.stages.values() if seconds is not None)

    @property
    def unaccounted_s(self) -> float:
        """What no stage explains: Python loading its libraries, transport, templates, and stages not told."""
        return max(self.total_s - self.sum_s, 0.0)

    def timings(self) -> dict[str, float | None]:
        """Flat, by the names of the JSON document."""
        named: dict[str, float | None] = {f"{stage}_s": seconds for stage, seconds in self.stages.items()}
        return {**named, "unaccounted_s": self.unaccounted_s, "total_s": self.total_s}


def waterfall(
    timings: Mapping[str, float | None],
    records: Sequence[Generation | None],
    *,
    total_s: float,
    connect_s: float | None = None,
    sync_s: float | None = None,
    rewrite_s: float | None = None,
    thinking: bool = False,
) -> Waterfall:
    """`timings` as they travel on an Answer, `records` one for each message that a model wrote for it."""
    before = {"sync": sync_s, "connect": connect_s, "rewrite": rewrite_s}
    stages: dict[str, float | None] = {stage: seconds for stage, seconds in before.items() if seconds is not None}
    stages["retrieve"] = timings.get("retrieve_s")
    known = [record for record in records if record is not None]
    if records:
        stages |= _engine_stages(known if len(known) == len(records) else [], thinking)
    elif "support_s" not in timings:  # the embedded reader: to read is to choose verified sentences
        stages["answer"] = timings.get("read_s")
    if "support_s" in timings:
        stages["verify"] = (timings["support_s"] or 0.0) + (timings.get("verify_s") or 0.0)
    return Waterfall(
        {stage: stages[stage] for stage in STAGES if stage in stages},
        total_s,
        prompts=len(records),
        prompt_tokens=_whole(_total(known, "prompt_tokens")),
        cached_tokens=_whole(_total(known, "cached_tokens")),
        decode_tokens=_whole(_total(known, "decode_tokens")),
    )


def _engine_stages(records: Sequence[Generation], thinking: bool) -> dict[str, float | None]:
    """The engine's own times. Thinking is written like the answer: it ends with the answer's first token."""
    stages = {"load": _total(records, "load_s"), "prefill": _total(records, "prefill_s")}
    decode_s = _total(records, "decode_s")
    if not thinking:
        return {**stages, "answer": decode_s}
    first, first_of_answer = _total(records, "ttft_s"), _total(records, "ttfa_s")
    think_s = None if first is None or first_of_answer is None else first_of_answer - first
    answer_s = None if decode_s is None or think_s is None else max(decode_s - think_s, 0.0)
    return {**stages, "think": think_s, "answer": answer_s}


def _total(records: Iterable[Generation], field: str) -> float | None:
    """Over all generations; None where one of them does not tell, or where there is none."""
    values = list(map(attrgetter(field), records))
    return None if not values or None in values else sum(values)


def _whole(tokens: float | None) -> int | None:
    return None if tokens is None else int(tokens)


def knob(fall: Waterfall, engine: str) -> str:
    """The one change that would help most, by the stage that took longest."""
    stages = {**fall.stages, "rest": fall.unaccounted_s}
    longest, seconds = max(stages.items(), key=lambda item: item[1] or 0.0)
    if not seconds or seconds < NOTICED_S:
        return "no part of it takes long: nothing to change"
    if seconds < STANDS_OUT * fall.total_s:
        return "no part of it stands out: nothing to change"
    return f"{longest} took {seconds / fall.total_s:.0%}: {_advice(longest, fall, engine)}"


def _advice(stage: str, fall: Waterfall, engine: str) -> str:
    if stage == "connect" and engine == "gguf":
        return "the file is loaded for every command: `speedking chat` loads it once, a server keeps it loaded"
    if stage == "prefill":
        server = ", or tune the server: flash attention, num_batch" if engine == "ollama" else ""
        return f"{_read(fall)}give the model fewer passages (a lower --k){server}"
    if stage == "answer" and engine != "reader":
        return f"{_wrote(fall)}a smaller or more quantised model, or one with fewer active parameters, writes faster"
    if stage == "rest" and None in fall.stages.values():
        return "the engine does not tell its own times, so they stand here"
    return _PLAIN[stage]


_FEWER = "every sentence of the passages is weighed: give it fewer of them (a lower --k)"
_PLAIN = {
    "sync": "what was read now is not read again; `speedking index FOLDER --watch` keeps the index fresh, and"
    " --no-sync asks it as it is",
    "connect": "the model was loaded to learn its context: one made by `speedking tune` states it, and"
    " OLLAMA_KEEP_ALIVE=1h in the server's environment keeps it loaded",
    "rewrite": "a question that stands alone after /new is searched for as it is",
    "retrieve": "most of it is loading the encoder: `speedking chat` loads it once for many questions",
    "load": "OLLAMA_KEEP_ALIVE=1h in the server's environment keeps the model loaded between questions",
    "think": "ask without --think",
    "answer": _FEWER,
    "verify": _FEWER,
    "rest": "most of it is Python loading its libraries: `speedking chat` loads them once for many questions",
}


def _read(fall: Waterfall) -> str:
    if fall.prompt_tokens is None:
        return ""
    cached = "" if fall.cached_tokens is None else f", {fall.cached_tokens:,} of them cached"
    prompts = "the prompt has" if fall.prompts < 2 else f"{fall.prompts} prompts have"
    return f"{prompts} {fall.prompt_tokens:,} tokens{cached}: "


def _wrote(fall: Waterfall) -> str:
    if not fall.decode_tokens:
        return ""
    seconds = (fall.stages.get("answer") or 0.0) + (fall.stages.get("think") or 0.0)
    return f"{fall.decode_tokens:,} tokens at {fall.decode_tokens / seconds:.0f} a second: " if seconds else ""
