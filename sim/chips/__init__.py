"""The machines: one folder a chip, the parts that chips share, the contract that each keeps, and their registry."""
