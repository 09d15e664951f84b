"""The measured chip: published figures, and the bounds within which the cycle model must reproduce them."""
