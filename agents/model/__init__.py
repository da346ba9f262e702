"""The policy of a language model, and the ways in which it can be asked to call a tool."""
