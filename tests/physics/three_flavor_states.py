"""States of three flavours as matrices, for the tests of the sphere and the slab."""

import numpy as np

PAIRS = ((0, 1), (0, 2), (1, 2))


def matrices(f):
    """Complex matrices (..., 3, 3) of components (9, ...)."""
    out = np.zeros((*f.shape[1:], 3, 3), dtype=complex)
    for a in range(3):
        out[..., a, a] = f[a]
    for k, (a, b) in enumerate(PAIRS):
        out[..., a, b] = f[3 + 2 * k] + 1j * f[4 + 2 * k]
        out[..., b, a] = out[..., a, b].conj()
    return out


def state(m):
    """Components (9, ...) of Hermitian matrices (..., 3, 3)."""
    rows = [m[..., a, a].real for a in range(3)]
    for a, b in PAIRS:
        rows += [m[..., a, b].real, m[..., a, b].imag]
    return np.ascontiguousarray(np.stack(rows))


def random_unitary(rng, shape=(), size=3):
    raw = rng.normal(size=(*shape, size, size)) + 1j * rng.normal(size=(*shape, size, size))
    return np.linalg.qr(raw)[0]


def random_matrices(rng, shape, decades=2.0):
    """Positive matrices (*shape, 3, 3) with eigenvalues over ``decades`` up to 1."""
    q = random_unitary(rng, shape)
    levels = 10.0 ** rng.uniform(-decades, 0.0, (*shape, 1, 3))
    return (q * levels) @ q.conj().swapaxes(-1, -2)


def turned(m, u):
    return u @ m @ u.conj().swapaxes(-1, -2)


def heavy_rotation(rng):
    """A unitary matrix that mixes mu and tau."""
    u = np.eye(3, dtype=complex)
    u[1:, 1:] = random_unitary(rng, size=2)
    return u
