"""A GGUF file in this process, over llama.cpp."""
