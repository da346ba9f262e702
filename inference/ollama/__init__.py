"""Ollama: where it is, what it has, how it is talked to, started and freed."""
