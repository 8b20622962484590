"""Radial cells of a study: a smooth base grid, refined where the oscillation needs it."""

from __future__ import annotations

import numpy as np

from qkepipe.errors import Defect, QkepipeError

__all__ = ["base_edges", "oscillation_edges"]


def base_edges(r_in: float, r_out: float, n_r: int) -> np.ndarray:
    """Geometric cell edges [cm], shape (n_r + 1,)."""
    return np.geomspace(r_in, r_out, n_r + 1)


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
    most 5 %, so that the second-order reconstruction stays second order.

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
    base = np.diff(edges)
    centres = 0.5 * (edges[1:] + edges[:-1])
    first, last = np.flatnonzero(unstable)[[0, -1]]
    inside = slice(first, last + 1)

    def widths(strength: float) -> np.ndarray:
        width = base.copy()
        wanted = 1.0 / (cells_per_length * strength * np.maximum(potential[inside], 1e-30))
        width[inside] = np.minimum(width[inside], wanted)
        # |d width/d r| <= 0.05: widths grow by at most 5 % from cell to cell
        for i in range(1, width.size):
            width[i] = min(width[i], width[i - 1] + 0.05 * (centres[i] - centres[i - 1]))
        for i in range(width.size - 2, -1, -1):
            width[i] = min(width[i], width[i + 1] + 0.05 * (centres[i + 1] - centres[i]))
        return width

    def count(strength: float) -> float:
        return float(np.sum(base / widths(strength)))

    if count(xi) > max_cells:
        low, high = 0.0, xi
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if count(middle) <= max_cells else (low, middle)
        raise QkepipeError(
            Defect(
                "grid",
                "resolve_xi",
                f"xi = {xi:g} needs {count(xi):.0f} radial cells",
                f"at most grid.max_cells = {max_cells}",
                f"resolve_xi = {low:.2g}, a larger max_cells, or a smaller radial range",
            )
        )
    # equal steps of the accumulated cell number, linear inside each base cell
    number = np.concatenate([[0.0], np.cumsum(base / widths(xi))])
    n = int(np.ceil(number[-1]))
    new = np.interp(np.linspace(0.0, number[-1], n + 1), number, edges)
    new[0], new[-1] = edges[0], edges[-1]
    return new
