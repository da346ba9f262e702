"""The policy with no language model, and how it finds what to search for next."""
