"""One point evaluated: its layers mapped, run, and put into rows."""
