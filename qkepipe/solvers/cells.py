"""Radial cells of a study: a smooth base grid, refined where the oscillation needs it."""

from __future__ import annotations

import numpy as np

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError

__all__ = ["band_wavenumber", "oscillation_edges"]

#: Largest relative change of the width between neighbouring cells.
_GROWTH = 0.05
#: Largest number of mesh points per base cell while the widths are found.
_MESH_LIMIT = 4000


#: Reach of the unstable bands in kappa = k - Phi_1 that the grid resolves, in sigma_0.
_BAND = 2.0


def band_wavenumber(phi1: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Largest wavenumber k [cm^-1] of fast modes at xi = 1 that a grid has to resolve.

    Bands lie within a few sigma_0 of kappa = k - Phi_1 = 0, the fastest modes within one:
    |Phi_1| + 2 sigma_0 (calibrated on the dispersion relation of maximum-entropy pairs,
    :mod:`qkepipe.stability.lsa`).

    Parameters
    ----------
    phi1 : ndarray
        First moment of the self-interaction potential [cm^-1].
    estimate : ndarray
        Growth estimate sigma_0 [s^-1]; same shape.
    """
    return np.abs(phi1) + _BAND * estimate / C_LIGHT


def oscillation_edges(
    edges: np.ndarray,
    potential: np.ndarray,
    unstable: np.ndarray,
    xi: float,
    cells_per_length: float,
    max_cells: int,
) -> np.ndarray:
    """Refine a grid so that the attenuated oscillation length is resolved where unstable.

    The cell width is the smaller of the base width and 1/(cells_per_length xi potential)
    from the innermost to the outermost unstable cell; neighbouring widths change by at
    most 5 %, so that the reconstruction keeps its order.

    Parameters
    ----------
    edges : ndarray (n + 1,)
        Base grid [cm].
    potential : ndarray (n,)
        Largest relevant self-interaction potential at xi = 1 [cm^-1].
    unstable : ndarray of bool (n,)
    xi : float
        Largest attenuation that the grid has to resolve.
    cells_per_length : float
        Cells per 1/(xi potential).
    max_cells : int
        Upper limit of the number of cells.

    Returns
    -------
    ndarray
        New edges [cm] with the same ends; the base grid itself where nothing is unstable.

    Raises
    ------
    QkepipeError
        If more than ``max_cells`` cells would be needed; the message names the largest
        xi that fits.
    """
    if not unstable.any():
        return edges.copy()
    first, last = np.flatnonzero(unstable)[[0, -1]]
    wanted = np.diff(edges)
    inside = slice(first, last + 1)
    oscillation = 1.0 / (cells_per_length * np.maximum(potential[inside], 1e-30))

    def accumulated(strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Radii and the number of cells up to each of them."""
        width = wanted.copy()
        width[inside] = np.minimum(width[inside], oscillation / strength)
        # a mesh that follows the change of the width between base cells
        parts = int(np.clip(np.ceil(4.0 * (wanted / width).max()), 8, _MESH_LIMIT))
        share = np.arange(parts) / parts
        radius = np.append((edges[:-1, None] + wanted[:, None] * share).ravel(), edges[-1])
        middle = 0.5 * (radius[1:] + radius[:-1])
        slope = _GROWTH * middle
        fine = np.repeat(width, parts)
        # |d width/d r| <= _GROWTH: widths grow by that fraction from cell to cell
        fine = np.minimum.accumulate(fine - slope) + slope
        fine = np.minimum.accumulate((fine + slope)[::-1])[::-1] - slope
        number = np.concatenate([[0.0], np.cumsum(np.diff(radius) / fine)])
        return radius, number

    radius, number = accumulated(xi)
    if number[-1] > max_cells:
        low, high = 0.0, xi
        for _ in range(40):
            middle = 0.5 * (low + high)
            fits = accumulated(middle)[1][-1] <= max_cells
            low, high = (middle, high) if fits else (low, middle)
        raise QkepipeError(
            Defect(
                "grid",
                "resolve_xi",
                f"xi = {xi:g} needs {number[-1]:.0f} radial cells",
                f"at most grid.max_cells = {max_cells}",
                f"resolve_xi = {low:.2g}, a larger max_cells, or a smaller radial range",
            )
        )
    n = int(np.ceil(number[-1]))
    new = np.interp(np.linspace(0.0, number[-1], n + 1), number, radius)
    new[0], new[-1] = edges[0], edges[-1]
    return new
