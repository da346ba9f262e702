"""One module a command: it reads its options, calls the layers, shows the result, returns the exit code."""
