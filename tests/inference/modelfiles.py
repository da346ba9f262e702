"""Modelfiles as people write them, in our own words."""

from __future__ import annotations

GUIDE = '''\
# The fastest Qwen MoE on your desk
FROM qwen:3.5-2b-q4_K_M

# speed
PARAMETER num_ctx 32768
PARAMETER num_batch 512
PARAMETER num_gpu 99
PARAMETER flash_attn true
PARAMETER num_keep 32768

# taste
PARAMETER temperature 0.7
PARAMETER top_p 0.9

SYSTEM """You help with documents.
Be brief."""
'''
"""The shape of a popular tuning guide's Modelfile, with each of its faults."""

GOOD = """\
FROM qwen3.5:35b
PARAMETER num_ctx 16384
PARAMETER num_predict 2048
PARAMETER temperature 0.2
PARAMETER top_k 20
PARAMETER top_p 0.9
PARAMETER presence_penalty 0
PARAMETER draft_num_predict 4
PARAMETER use_mmap true
PARAMETER stop "<|end|>"
SYSTEM You help.
"""
"""Nothing to find."""
