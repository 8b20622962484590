"""The stages of a study: each module has one ``run`` from datasets to datasets.

Stages hold no physics and write nothing: they take what the rooms below compute, for the
options of the configuration. Names and order: ingest, background, baseline, resolution,
stability, reference, solve, compare.
"""
