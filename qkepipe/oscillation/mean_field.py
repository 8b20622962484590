"""Self-interaction of a homogeneous, axisymmetric gas of any number of flavours: one step.

With g = conj(fbar) for antineutrinos both obey i d_s f = [H, f],

    H(mu) = xi sqrt(2) G_F (D_0 - mu D_1) ,   D_n = int (dmu/2) mu^n Q(mu) ,
    Q(mu) = 4 pi/(2 pi hbar c)^3 int E^2 dE (f - g)

(Sigl & Raffelt 1993, Nucl. Phys. B 406, 423). H does not depend on energy, so that Q closes on
itself. It is advanced by the isospectral midpoint rule (Modin & Viviani 2020, Found. Comput.
Math. 20, 889; the form below derived for this project),

    Q_mid = (1 + iA)^-1 Q (1 - iA)^-1 ,   A = H[Q_mid] s/2 ,
    Q -> U Q U+ ,   U = (1 - iA)/(1 + iA) ,

which is implicit, symmetric in time and of second order. Q changes by -2i [A, Q_mid], so that
the sum over directions, D_0, is conserved exactly, and with it every lepton number; U is unitary.
The same U(mu) turns neutrinos and antineutrinos of all energies.
"""

from __future__ import annotations

from qkepipe.jit import jit
from qkepipe.oscillation.unitary import cayley, conjugate, resolvent, turn

__all__ = ["midpoint", "self_interaction"]

#: Stop of the fixed-point iteration: change of the moments relative to their sums of moduli.
TOLERANCE = 2e-15
MAX_ITERATIONS = 60


@jit
def midpoint(q, mu, wmu, strength, step, d, h, u, middle, q_mid, work):
    """Write U(mu) of one step for ``q`` (components, n_mu); return whether it converged.

    ``d`` (3, components), ``h``, ``q_mid`` (components, n_mu), ``u`` and ``middle`` (rows of a
    step, n_mu) and ``work`` are overwritten.
    """
    n_rows, n_mu = q.shape
    # flavours: 4 = 2^2, 9 = 3^2
    diagonal = 2 if n_rows == 4 else 3
    for k in range(n_rows):
        d[0, k] = 0.0
        d[1, k] = 0.0
        size = 0.0
        for j in range(n_mu):
            q_mid[k, j] = q[k, j]
            size += wmu[j] * abs(q[k, j])
        d[2, k] = size
    # moduli of the diagonal and of the off-diagonal elements: a small seed is followed as
    # accurately as the rest
    along = 0.0
    across = 0.0
    change_along = 0.0
    change_across = 0.0
    for k in range(n_rows):
        if k < diagonal:
            along += d[2, k]
        else:
            across += d[2, k]
    for _ in range(MAX_ITERATIONS):
        change_along = 0.0
        change_across = 0.0
        for k in range(n_rows):
            d0 = 0.0
            d1 = 0.0
            for j in range(n_mu):
                d0 += wmu[j] * q_mid[k, j]
                d1 += wmu[j] * mu[j] * q_mid[k, j]
            change = abs(d0 - d[0, k]) + abs(d1 - d[1, k])
            if k < diagonal:
                change_along += change
            else:
                change_across += change
            d[0, k] = d0
            d[1, k] = d1
            for j in range(n_mu):
                h[k, j] = strength * (d0 - mu[j] * d1)
        resolvent(h, step, middle, work)
        if change_along <= TOLERANCE * along and change_across <= TOLERANCE * across:
            break
        conjugate(q, middle, q_mid, work)
    cayley(middle, u, work)
    # where it did not stop, the last changes may be round-off of larger sums
    return change_along <= 100.0 * TOLERANCE * along and change_across <= (
        100.0 * TOLERANCE * (along + across)
    )


@jit
def self_interaction(f, sign_weight, mu, wmu, strength, step, q, d, h, u, middle, q_mid, work):
    """Turn ``f`` (components, rows x n_mu) by one step; return whether the step converged.

    A row is a sector and an energy group, with ``sign_weight`` (rows,) its number weight
    [cm^-3], negative for antineutrinos; ``strength`` = xi sqrt(2) G_F [cm^2].
    """
    n_mu = mu.size
    rows = sign_weight.size
    for k in range(f.shape[0]):
        total = q[k]
        for j in range(n_mu):
            total[j] = 0.0
        for r in range(rows):
            weight = sign_weight[r]
            values = f[k, r * n_mu : (r + 1) * n_mu]
            for j in range(n_mu):
                total[j] += weight * values[j]
    if not midpoint(q, mu, wmu, strength, step, d, h, u, middle, q_mid, work):
        return False
    turn(f, u, work)
    return True
