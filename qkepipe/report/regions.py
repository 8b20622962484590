"""Rows of the table of instability by region."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from qkepipe.report.data import SnapshotData
from qkepipe.report.kinds import kind_words
from qkepipe.report.text import SPECIES_HTML, number, share

__all__ = ["region_definitions", "region_growth", "region_kinds", "regions_left_out"]

#: Growth rates in words; others are named as in the file.
_RATES = {
    "ffi_growth_estimate": "fast, estimate",
    "lsa_growth_rate": "dispersion relation",
    "cfi_growth_estimate": "collisional",
    "slow_growth_normal": "slow, normal ordering",
    "slow_growth_inverted": "slow, inverted ordering",
}


def region_kinds(data: SnapshotData) -> list[dict]:
    """One row per region and kind of instability that occurs in it, the most severe first."""
    rows = [row for row in _entries(data, "kind") if row["cells"] > 0.0]
    return [
        {
            "region": region,
            "kind": kind_words(row["name"]),
            "cells": f"{int(row['cells'])}",
            "cell_share": share(100.0 * row["cell_fraction"]),
            "volume_share": share(100.0 * row["volume_fraction"]),
        }
        for region, row in _once(rows, backwards=True)
    ]


def region_growth(data: SnapshotData) -> list[dict]:
    """One row per region and growth rate that is positive in it."""
    rows = [row for row in _entries(data, "growth") if row["growth_rate"] > 0.0]
    return [
        {
            "region": region,
            "rate": _RATES.get(row["name"], kind_words(row["name"])),
            "largest": number(row["growth_rate"]),
            "place": row["position"].replace("; ", ", "),
            "length": number(row["efold_length_cm"]),
            # NaN where the rate was not evaluated everywhere
            "volume_share": "–"
            if row["volume_fraction"] != row["volume_fraction"]
            else share(100.0 * row["volume_fraction"]),
        }
        for region, row in _once(rows)
    ]


def region_definitions(data: SnapshotData) -> list[tuple[Markup, str]]:
    """Definition of each region of the table."""
    attrs = {} if data.regions is None else data.regions.attrs
    prefix = "definition_"
    return [
        (region_words(str(name).removeprefix(prefix)), str(text))
        for name, text in attrs.items()
        if str(name).startswith(prefix)
    ]


def regions_left_out(data: SnapshotData) -> list[tuple[Markup, str]]:
    """Regions that could not be defined, with the reason."""
    text = "" if data.regions is None else str(data.regions.attrs.get("left_out", ""))
    lines = [line.partition(": ") for line in text.splitlines()]
    return [(region_words(name), reason) for name, _, reason in lines]


def region_words(name: str) -> Markup:
    """Name of a region as readers see it."""
    base, _, last = name.rpartition("_")
    if last in SPECIES_HTML:
        return Markup("around the {} of {}").format(base.replace("_", " "), SPECIES_HTML[last])
    return Markup("{}").format(name.replace("_", " "))


def _once(rows: list[dict], backwards: bool = False) -> list[tuple[Markup, dict]]:
    """Rows with the words of their region, which only its first row shows."""
    out = []
    for region, group in groupby(rows, lambda row: row["region"]):
        ordered = list(group)
        if backwards:
            ordered.reverse()
        words = [region_words(region)] + [Markup("")] * (len(ordered) - 1)
        out += zip(words, ordered, strict=True)
    return out


def _entries(data: SnapshotData, entry: str) -> list[dict]:
    if data.regions is None:
        return []
    table = data.regions.to_dataframe()
    return table[table["entry"] == entry].to_dict("records")
