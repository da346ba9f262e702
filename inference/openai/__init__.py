"""Any server that speaks OpenAI's chat API on one's own machine: llama.cpp's server, vLLM."""
