"""Numbers and ranges as text for the HTML report; a missing number never prints as one."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from qkepipe.report.labels import power_of_ten

__all__ = [
    "MISSING", "SPECIES_HTML", "join", "number", "percent", "ranges", "share", "shown", "unit",
]  # fmt: skip

MISSING = "not available"

SPECIES_HTML = {
    "nue": Markup("ν<sub>e</sub>"),
    "nuebar": Markup("ν̄<sub>e</sub>"),
    "nux": Markup("ν<sub>x</sub>"),
    "nuxbar": Markup("ν̄<sub>x</sub>"),
    "all": Markup("all flavours"),
}
_MINUS = "\N{MINUS SIGN}"


def number(value: float | None, digits: int = 3) -> Markup:
    """A number with ``digits`` significant digits; powers of ten outside 1e-3 .. 1e5."""
    if value is None or math.isnan(value):
        return Markup(MISSING)
    if math.isinf(value):
        return Markup("unlimited")
    if value == 0.0 or 1e-3 <= abs(value) < 1e5:
        exponent = 0 if value == 0.0 else math.floor(math.log10(abs(value)))
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
        return Markup(text.replace("-", _MINUS))
    mantissa, exponent = power_of_ten(value)
    power = f"10<sup>{exponent}</sup>"
    text = power if mantissa == "1" else f"{mantissa} × {power}"
    return Markup(text.replace("-", _MINUS))


def percent(change: float | None, uncertainty: float | None = None) -> Markup:
    """A signed change in %, with its uncertainty where there is one."""
    if change is None or math.isnan(change):
        return Markup(MISSING)
    if uncertainty is None or math.isnan(uncertainty):
        return Markup(f"{_signed(change, _decimals(change))} %")
    decimals = max(_decimals(change), 1 if uncertainty < 9.95 else 0)
    if 0.0 < uncertainty < 0.05:
        decimals = 2
    error = f"{uncertainty:.{decimals}f}" if uncertainty >= 0.005 else "&lt;0.01"
    return Markup(f"{_signed(change, decimals)} ± {error} %")


def share(value: float) -> Markup:
    """A size in %, without sign, with two significant digits down to 0.01 %."""
    if math.isnan(value):
        return Markup(MISSING)
    if value < 0.005:
        return Markup("&lt;0.01 %")
    return Markup(f"{value:.{2 if value < 0.095 else 1 if value < 9.95 else 0}f} %")


def _decimals(change: float) -> int:
    return 2 if abs(change) < 0.995 else 1 if abs(change) < 99.95 else 0


def _signed(value: float, decimals: int) -> str:
    text = f"{value:+.{decimals}f}"
    if float(text) == 0.0:
        text = text[1:]
    return text.replace("-", _MINUS)


def ranges(spans: list[tuple[float, float]]) -> str:
    """Radius ranges as text: ``60.1–82.3 km and 90.2 km``."""
    parts = [f"{a:.4g}" if f"{a:.4g}" == f"{b:.4g}" else f"{a:.4g}–{b:.4g}" for a, b in spans]
    return f"{join(parts)} km"


def join(parts: list) -> Markup:
    """``a, b and c``."""
    parts = [escape(p) for p in parts]
    if len(parts) < 2:
        return Markup("").join(parts)
    return Markup(", ").join(parts[:-1]) + Markup(" and ") + parts[-1]


def unit(text: str) -> Markup:
    """A unit with its powers as superscripts: ``10^51 erg/s``."""
    head, _, rest = text.partition("^")
    if not rest:
        return escape(text)
    power, _, tail = rest.partition(" ")
    return Markup("{}<sup>{}</sup> {}").format(head, power, tail)


def shown(value) -> str:
    """Any value of the configuration or the provenance."""
    if isinstance(value, float):
        return MISSING if math.isnan(value) else f"{value:.10g}"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        if not value:
            return "none"
        return ", ".join(shown(v) for v in value)
    return str(value)
