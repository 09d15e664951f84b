"""What other tools read: networks in their formats, and the DRAM link's requests as memory traces."""
