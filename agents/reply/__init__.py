"""What a policy's message says: its calls, in whatever form they were written."""
