"""The review desk: where people look at what the machine is unsure of."""
