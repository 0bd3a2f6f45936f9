"""The command line: puts the floors together."""
