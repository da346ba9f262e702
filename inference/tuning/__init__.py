"""A tuned model on Ollama: planned, created, and verified in force."""
