"""Reading files that people wrote: bounded, checked, refused with one line that says where and what."""
