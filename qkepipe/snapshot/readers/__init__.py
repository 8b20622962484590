"""Readers of snapshots, one file per format; :mod:`qkepipe.registered` lists them."""
