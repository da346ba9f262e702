"""What OpenAI-compatible servers answer, as far as we read it; a field that one of them leaves out has a default."""

from __future__ import annotations

from pydantic import BaseModel, Field


class _Meta(BaseModel):
    """llama.cpp's own words on a loaded model."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None
    n_params: int | None = None
    size: int | None = None
    ftype: str | None = None


class _Status(BaseModel):
    value: str = ""


class Listed(BaseModel):
    """A line of /v1/models. Servers name the context each in their own way."""

    id: str
    owned_by: str | None = None
    aliases: tuple[str, ...] = ()
    max_model_len: int | None = None
    context_length: int | None = None
    context_window: int | None = None
    meta: _Meta | None = None
    status: _Status | None = None
    """Of llama.cpp's server of many models: "loaded", "loading" or "unloaded"."""

    @property
    def context_tokens(self) -> int | None:
        told = self.max_model_len or self.context_length or self.context_window
        return told or (self.meta.n_ctx if self.meta else None)


class Models(BaseModel):
    data: tuple[Listed, ...]


class _Settings(BaseModel):
    n_ctx: int


class _Caps(BaseModel):
    supports_tools: bool = False


class Props(BaseModel):
    """llama.cpp's /props. `n_ctx` is the context of one slot."""

    settings: _Settings = Field(alias="default_generation_settings")
    total_slots: int | None = None
    model_ftype: str | None = None
    chat_template: str = ""
    chat_template_caps: _Caps = _Caps()
    build_info: str | None = None

    @property
    def can_think(self) -> bool:
        """Whether the model's own template knows of thinking."""
        return "enable_thinking" in self.chat_template or "<think>" in self.chat_template


class Version(BaseModel):
    version: str


class Tokens(BaseModel):
    """/tokenize of llama.cpp (the tokens) and of vLLM (their count as well)."""

    tokens: tuple[object, ...]
