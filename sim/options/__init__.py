"""What the command line takes: a parser for each command. Nothing here imports the simulator, which is slow to load."""
