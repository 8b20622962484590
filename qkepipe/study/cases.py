"""Cases of a study: what runs on each snapshot, under which name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qkepipe.study.config import Config

__all__ = ["Case", "compact", "expand_cases"]


@dataclass(frozen=True)
class Case:
    """One run of a snapshot.

    Parameters
    ----------
    name : str
        Name in paths and tables: no dots, no blanks.
    kind : {"classical", "qke", "bgk", "threshold"}
    scheme : str
        Label of the comparison: ``classical``, ``attenuated``, the prescription or the
        threshold rule.
    xi : float, optional
        Attenuation (quantum kinetics).
    options : dict
        Of the scheme, for :func:`qkepipe.solvers.run_sphere`.
    resolution : float
        Factor on the cells of the study.
    """

    name: str
    kind: str
    scheme: str
    xi: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    resolution: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the inverse of ``Case(**data)``."""
        return asdict(self)


def compact(value: float) -> str:
    """Short name of a positive number: ``1e-4``, ``2p5e-4``, ``1e11``."""
    mantissa, exponent = f"{value:.6e}".split("e")
    return f"{_plain(float(mantissa))}e{int(exponent)}"


def _plain(value: float) -> str:
    return f"{value:.7g}".replace(".", "p")


def expand_cases(config: Config) -> list[Case]:
    """All cases of a study, in the order of the configuration: resolution, then case.

    The first case of each resolution is the classical one.
    """
    out = []
    for resolution in config.resolutions:
        suffix = "" if resolution == 1.0 else f"_res{_plain(resolution)}"
        out.append(Case("classical" + suffix, "classical", "classical", resolution=resolution))
        for entry in config.cases:
            for name, scheme, xi, options in _runs(entry):
                out.append(Case(name + suffix, entry.scheme, scheme, xi, options, resolution))
    return out


def _runs(entry):
    """Name, label, xi and options of each run of an entry."""
    if entry.scheme == "qke":
        three = entry.flavors == 3
        for xi in entry.xi:
            options = {"xi": xi} | ({"flavors": 3} if three else {})
            yield f"qke{'3' if three else ''}_xi{compact(xi)}", "attenuated", xi, options
    elif entry.scheme == "bgk":
        name = f"bgk_{entry.prescription}"
        name += "" if entry.mode is None else f"_{entry.mode}"
        name += "" if entry.growth == "estimate" else f"_{entry.growth}"
        if not math.isclose(entry.c_tau, type(entry).model_fields["c_tau"].default):
            name += f"_ctau{_plain(entry.c_tau)}"
        if entry.tolerance != type(entry).model_fields["tolerance"].default:
            name += f"_tol{compact(entry.tolerance) if entry.tolerance else 0}"
        options = entry.model_dump(exclude={"scheme"})
        yield name, entry.prescription, None, options
    else:
        rule = entry.rule
        name = "threshold"
        if rule != type(entry).model_fields["rule"].default:
            name += f"_{rule}"
        factor = entry.flux_factor
        onset = "" if factor is None else f"_ff{_plain(factor)}"
        for density in entry.density:
            options = {"density": density, "rule": rule, "flux_factor": factor}
            yield f"{name}_rho{compact(density)}{onset}", rule, None, options
