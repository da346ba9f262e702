"""Readers: passages into an answer. `extractive` needs no language model, `model` asks one."""
