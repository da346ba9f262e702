"""Scripts that put our own packages together to measure them. Nobody imports them."""
