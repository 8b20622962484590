"""Norm-preserving steps of Hermitian flavour matrices over many cells, for 2 and 3 flavours.

f -> U f U+ with U = exp(-i H s), or with the Cayley transform of H s/2, cell by cell. The trace
and all eigenvalues of every matrix (two flavours: the length of the flavour vector) are kept to
round-off, whatever the step. Matrices are rows of real components: 4 for two flavours (ee, xx,
Re ex, Im ex), 9 for three (ee, mumu, tautau, Re and Im of emu, etau, mutau).
"""

from __future__ import annotations

import numpy as np

from qkepipe.errors import Defect, QkepipeError
from qkepipe.jit import jit
from qkepipe.oscillation import three_flavors, three_flavors_turn, two_flavors
from qkepipe.oscillation.tile import TILE_SIZE

__all__ = [
    "STEP_ROWS",
    "TILE_SIZE",
    "cayley",
    "conjugate",
    "exponential",
    "resolvent",
    "turn",
    "turn_rows",
    "unitary_step",
]

#: Numbers by which a step is stored, by the number of components of a matrix.
STEP_ROWS = {4: 4, 9: 18}


@jit
def exponential(h, step, u, work):
    """Write exp(-i H step) of ``h`` (components, n) into ``u`` (rows of a step, n)."""
    if h.shape[0] == 4:
        two_flavors.exponential(h, step, u)
    else:
        three_flavors.exponential(h, step, u, work)


@jit
def resolvent(h, step, middle, work):
    """Write 1/(1 + iA), A = H step/2, of ``h`` (components, n) into ``middle`` (rows of a step, n).

    Of two flavours up to the determinant, which :func:`conjugate` leaves out of the trace only.
    """
    if h.shape[0] == 4:
        two_flavors.resolvent(h, step, middle)
    else:
        three_flavors.resolvent(h, step, middle, work)


@jit
def cayley(middle, u, work):
    """Write (1 - iA)/(1 + iA) into ``u``, from 1/(1 + iA)."""
    if u.shape[0] == 4:
        two_flavors.cayley(middle, u)
    else:
        three_flavors.cayley(middle, u, work)


@jit
def conjugate(f, u, out, work):
    """Write U f U+ of ``f`` (components, n) into ``out``, another array than ``f``."""
    if f.shape[0] == 4:
        two_flavors.conjugate(f, u, out)
    else:
        three_flavors_turn.conjugate(f, u, out, work)


@jit
def turn(f, u, work):
    """Replace ``f`` (components, n) by U f U+; U (rows of a step, m) repeat along the cells."""
    if f.shape[0] == 4:
        two_flavors.turn(f, u)
    else:
        three_flavors_turn.turn(f, u, work)


@jit
def turn_rows(f, u, work):
    """As :func:`turn`; each U (rows of a step, m) belongs to n/m cells in succession."""
    if f.shape[0] == 4:
        two_flavors.turn_rows(f, u)
    else:
        three_flavors_turn.turn_rows(f, u, work)


def unitary_step(f: np.ndarray, h: np.ndarray, step: float) -> np.ndarray:
    """Evolve matrices with Hamiltonians that are constant over the step.

    Parameters
    ----------
    f, h : ndarray (4, ...) or (9, ...)
        Components of f and of H [cm^-1], of one shape.
    step : float
        Length of the step, c dt [cm].

    Returns
    -------
    ndarray
        exp(-i H step) f exp(i H step), shape of ``f``.

    Raises
    ------
    QkepipeError
        Shapes that do not fit, or numbers that are not finite.
    """
    f, h = np.asarray(f, dtype=float), np.asarray(h, dtype=float)
    if f.ndim == 0 or f.shape[0] not in STEP_ROWS:
        raise QkepipeError(
            Defect("unitary step", "f", f"has shape {f.shape}",
                   "4 (two flavours) or 9 (three) components along the first axis")
        )  # fmt: skip
    if h.shape != f.shape:
        raise QkepipeError(Defect("unitary step", "h", f"has shape {h.shape}", f"{f.shape} as f"))
    for name, values in (("f", f), ("h", h), ("step", step)):
        if not np.isfinite(values).all():
            raise QkepipeError(
                Defect("unitary step", name, "values that are not finite", "finite numbers")
            )
    rows = np.array(f.reshape(f.shape[0], -1))
    u, work = np.empty((STEP_ROWS[f.shape[0]], rows.shape[1])), np.empty(TILE_SIZE)
    exponential(np.ascontiguousarray(h.reshape(rows.shape)), step, u, work)
    turn(rows, u, work)
    return rows.reshape(f.shape)
