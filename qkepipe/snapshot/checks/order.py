"""Columns in the wrong order: a variable that fits its siblings only when reversed.

Density, temperature, pressure and neutrino densities fall outwards (in the logarithm),
Eddington factors rise, Y_e follows 1 - X_n and -(mu_n - mu_p). The median linear
correlation of a reversed column with its siblings is negative, and positive once it is
turned round. Inside a proto-neutron star temperature and neutrino densities may well rise
outwards, so the test needs a density that spans three decades; nuebar, which degeneracy
suppresses in the centre, are not judged by their density.
"""

from __future__ import annotations

import numpy as np

from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

#: Median correlation below minus this, and above it when reversed, means reversed.
_CLEAR = 0.5
_MIN_ZONES = 8
#: Smallest ratio of the densities of the profile. Parts of real profiles pass from 1e2 on.
_SPAN = 1e3
_TINY = 1e-300


def check(view: View) -> None:
    """Report a variable, or the radius, that runs against its siblings."""
    r, rho = view.get("r"), view.get("rho")
    if r is None or rho is None or r.size < _MIN_ZONES or not np.isfinite(r).all():
        return
    if not float(rho.max()) >= _SPAN * float(rho.min()):
        return
    _matter(view)
    _electron_fraction(view)
    _neutrinos(view)


def _rays(array) -> np.ndarray | None:
    """Values over (ray, r), or None if they are not finite or do not depend on r."""
    if array is None or "r" not in array.dims:
        return None
    values = array.transpose(..., "r").values.reshape(-1, array.sizes["r"])
    return values if np.isfinite(values).all() else None


def _logarithm(array) -> np.ndarray | None:
    values = _rays(array)
    return None if values is None or values.min() < 0.0 else np.log(np.maximum(values, _TINY))


def _falling(view: View) -> dict[str, np.ndarray]:
    """Trusted profiles that fall outwards: -log r, log rho, log T, log P."""
    family = {n: _logarithm(view.get(n)) for n in ("r", "rho", "temperature", "pressure")}
    if family["r"] is not None:
        family["r"] = -family["r"]
    return {n: v for n, v in family.items() if v is not None}


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Linear correlation along r, averaged over rays; 0 for constant data."""
    a, b = np.atleast_2d(a), np.atleast_2d(b)
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    norm = np.sqrt((a * a).sum(-1) * (b * b).sum(-1))
    product = (a * b).sum(-1)
    return float(np.mean(np.divide(product, norm, out=np.zeros_like(product), where=norm > 0.0)))


def _reversed(values: np.ndarray, siblings: dict[str, np.ndarray]) -> tuple[float, float] | None:
    """Median correlation as it is and reversed, where these tell of a reversed column."""
    if len(siblings) < 2:
        return None
    now = float(np.median([_correlation(values, s) for s in siblings.values()]))
    turned = float(np.median([_correlation(values[..., ::-1], s) for s in siblings.values()]))
    return (now, turned) if now < -_CLEAR and turned > _CLEAR else None


def _report(view: View, name: str, labels, siblings, correlation) -> None:
    now, turned = correlation
    view.report(
        f"{name}[{','.join(labels)}]" if labels else name, None, None,
        f"order of column? It runs against {', '.join(siblings)} (median correlation {now:.2f}, "
        f"{turned:.2f} when reversed)",
        "the same order of zones in every column", "the column map of the file",
        distrust=(name,), explains=False,
    )  # fmt: skip


def _matter(view: View) -> None:
    family = _falling(view)
    for name, values in family.items():
        siblings = {n: v for n, v in family.items() if n != name}
        found = _reversed(values, siblings)
        if found:
            _report(view, name, (), siblings, found)


def _electron_fraction(view: View) -> None:
    family = {"ye": _rays(view.get("ye"))}
    for name, array in (("x_n", view.get("x_n")), ("mu_hat", view.mu_hat())):
        values = _rays(array)
        family[name] = None if values is None else -values
    family = {n: v for n, v in family.items() if v is not None}
    for name in ("ye", "x_n"):
        siblings = {n: v for n, v in family.items() if n != name}
        found = _reversed(family[name], siblings) if name in family else None
        if found:
            _report(view, name, (), siblings, found)
            return


def _neutrinos(view: View) -> None:
    """Compare every species of the moments with the trusted profiles of the matter."""
    siblings = _falling(view)
    for name, sign in (
        ("nu_number_density", 1.0),
        ("nu_energy_density", 1.0),
        ("nu_eddington", -1.0),
    ):
        array = view.get(name) if name == "nu_eddington" else view.grey(name)
        if array is None or "species" not in array.coords or "energy" in array.dims:
            continue
        found = {}
        for label in (str(s) for s in array["species"].values):
            if label == "nuebar" and sign > 0.0:
                continue
            species = view.species(array, label)
            values = _rays(species) if sign < 0.0 else _logarithm(species)
            hit = None if values is None else _reversed(sign * values, siblings)
            if hit:
                found[label] = hit
        if found:
            _report(view, name, tuple(found), siblings, next(iter(found.values())))
