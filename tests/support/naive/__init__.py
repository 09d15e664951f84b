"""Obvious, slow oracles: run lengths by hand, accesses counted one by one, an array of PE objects stepped in turn.

Plain Python throughout and nothing of sim's kernels or engine in it, so that what agrees was thought out twice.
"""
