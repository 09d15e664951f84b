"""Files: those that people wrote read bounded, checked, refused with one line; those that we write, whole or not."""
