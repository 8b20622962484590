"""Readers of snapshots, one file per format; :mod:`qkepipe.snapshot.registry` lists them."""
