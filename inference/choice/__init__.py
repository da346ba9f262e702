"""Which model for which machine: a table of models, the arithmetic of memory, a choice with its reasons."""
