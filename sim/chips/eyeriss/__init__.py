"""Eyeriss v1: a row-stationary spatial array (JSSC 52(1) 2017)."""
