"""The nodes of a table as a file has them, and the table of the project made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qkepipe.constants import M_ELECTRON, Q_NP
from qkepipe.eos.conventions import electron_mass, nucleon_masses
from qkepipe.errors import Defect, QkepipeError
from qkepipe.matter import QUANTITIES, EosTable

__all__ = ["Nodes", "make_table"]

#: Heavy nuclei below this mass fraction may have any A and Z in the file.
_TRACE = 1e-3
#: Accepted abs(Y_e - charge of the nuclei), and the share of nodes that may exceed it.
_CHARGE, _FEW = 0.02, 0.01


@dataclass(frozen=True)
class Nodes:
    """Content of a file; arrays of nodes have the shape (ye, T, rho).

    Attributes
    ----------
    source : str
        File.
    log_rho, log_t, ye : ndarray
        Axes: log10 of g cm^-3, log10 of MeV, electron fraction.
    mu_e : ndarray or None
        [MeV], None without electrons.
    mu_hat : ndarray
        mu_n - mu_p [MeV].
    x_n, x_p, x_alpha, x_heavy, x_light : ndarray
        Mass fractions; ``x_light`` is zero where the file has none.
    abar, zbar : ndarray
        Mean heavy nucleus.
    light_charge : ndarray or None
        Charge per baryon of the light nuclei, None where the file does not tell.
    entropy, log_pressure : ndarray
        [k_B per baryon], log10 of [dyn cm^-2].
    baryon_mass : float or None
        See :class:`qkepipe.matter.EosTable`.
    declared : str
        ``included`` where the format fixes that potentials include rest masses, else ``auto``.
    attrs : mapping
    """

    source: str
    log_rho: np.ndarray
    log_t: np.ndarray
    ye: np.ndarray
    mu_e: np.ndarray | None
    mu_hat: np.ndarray
    x_n: np.ndarray
    x_p: np.ndarray
    x_alpha: np.ndarray
    x_heavy: np.ndarray
    x_light: np.ndarray
    abar: np.ndarray
    zbar: np.ndarray
    light_charge: np.ndarray | None
    entropy: np.ndarray
    log_pressure: np.ndarray
    baryon_mass: float | None = None
    declared: str = "auto"
    attrs: Mapping[str, str] = field(default_factory=dict)


def make_table(nodes: Nodes, electrons: str, nucleons: str) -> EosTable:
    """Table in the conventions of the project.

    Parameters
    ----------
    nodes : Nodes
    electrons, nucleons : {"auto", "included", "excluded"}
        Declared rest mass in ``mu_e``, and m_n - m_p in ``mu_hat``.

    Raises
    ------
    QkepipeError
        For axes that do not increase, conventions that cannot be established or contradict the
        declaration, or heavy nuclei without mass number.
    """
    _check_axes(nodes)
    heavy = nodes.x_heavy > 0.0
    lost = (nodes.x_heavy > _TRACE) & ~((nodes.abar >= 1.0) & (nodes.zbar >= 0.0))
    if lost.any():
        raise QkepipeError(_node_defect(nodes, lost, "Abar", nodes.abar, "heavy nuclei without A"))
    heavy &= (nodes.abar >= 1.0) & (nodes.zbar >= 0.0)
    number = np.divide(nodes.x_heavy, nodes.abar, out=np.zeros(heavy.shape), where=heavy)
    charge = np.where(heavy, number * nodes.zbar, 0.0)

    mu_e = np.full(heavy.shape, np.nan) if nodes.mu_e is None else nodes.mu_e
    attrs = dict(nodes.attrs)
    if nodes.mu_e is not None:
        attrs["electron_mass"] = electron_mass(nodes, electrons)
        mu_e = mu_e + (M_ELECTRON if attrs["electron_mass"] == "excluded" else 0.0)
    attrs["nucleon_masses"] = nucleon_masses(nodes, nucleons)
    mu_hat = nodes.mu_hat + (Q_NP if attrs["nucleon_masses"] == "excluded" else 0.0)
    columns = {
        "mu_e": mu_e, "mu_hat": mu_hat, "x_n": nodes.x_n, "x_p": nodes.x_p,
        "x_alpha": nodes.x_alpha, "x_heavy": nodes.x_heavy, "x_light": nodes.x_light,
        "heavy_number": number, "heavy_charge": charge, "entropy": nodes.entropy,
        "log_pressure": nodes.log_pressure,
    }  # fmt: skip
    values = np.empty((*heavy.shape, len(QUANTITIES)))
    for q, name in enumerate(QUANTITIES):
        values[..., q] = columns[name]
    return EosTable(
        nodes.source,
        *(np.ascontiguousarray(a, dtype=float) for a in (nodes.log_rho, nodes.log_t, nodes.ye)),
        values,
        nodes.baryon_mass,
        attrs,
        tuple(_charge_warnings(nodes, charge)),
    )


def _check_axes(nodes: Nodes) -> None:
    found = [
        Defect(nodes.source, name, f"{axis.size} nodes that do not all increase",
               "2 or more increasing values")
        for name, axis in (("rho", nodes.log_rho), ("temperature", nodes.log_t), ("ye", nodes.ye))
        if axis.size < 2 or not np.all(np.diff(axis) > 0.0)
    ]  # fmt: skip
    if found:
        raise QkepipeError(found)


def _node_defect(nodes, mask, name, values, what, severity="error") -> Defect:
    """One line for the nodes of a mask."""
    i, j, k = np.unravel_index(int(np.argmax(mask)), mask.shape)
    return Defect(
        nodes.source,
        f"{name}[{i},{j},{k}] = {values[i, j, k]:.6g}",
        f"{what} at rho = {10.0 ** nodes.log_rho[k]:.6g} g cm-3, T = {10.0 ** nodes.log_t[j]:.6g} "
        f"MeV, ye = {nodes.ye[i]:.6g} ({int(mask.sum())} such nodes)",
        severity=severity,
    )


def _charge_warnings(nodes: Nodes, heavy_charge) -> list[Defect]:
    """Nodes that list all matter but whose charge is not ye."""
    light = 0.5 * nodes.x_light if nodes.light_charge is None else nodes.light_charge
    charge = nodes.x_p + 0.5 * nodes.x_alpha + light + heavy_charge
    total = nodes.x_n + nodes.x_p + nodes.x_alpha + nodes.x_heavy + nodes.x_light
    complete = abs(total - 1.0) < 1e-3
    off = complete & (abs(charge - nodes.ye[:, None, None]) > _CHARGE)
    if off.sum() <= _FEW * off.size:
        return []
    return [_node_defect(nodes, off, "charge per baryon", charge, "not ye", "warning")]
