"""Exact periodic streaming of many directions: Fourier transforms with the angles innermost.

A block holds the flavour vectors of :data:`ANGLES` directions on all cells, one row of
:data:`ROW` numbers per cell. A row is two halves, real and imaginary parts of :data:`LANES`
complex series in z:

    real half:       P_1 of 32 directions, P_3 of the first 16
    imaginary half:  P_2 of 32 directions, P_3 of the last 16

so that 3 real numbers per direction cost 1.5 complex transforms. Transforms are decimated in
frequency, in place and of radix four (Cooley & Tukey 1965; Gentleman & Sande 1966), and leave
the wavenumbers in digit-reversed order, in which they are used and transformed back: no
reordering. All lanes of a row take the same butterfly, which makes the inner loop contiguous.
The distance of the halves is a constant of the program: only so can the compiler see that they
do not overlap.
"""

from __future__ import annotations

import numpy as np

from qkepipe.jit import inlined, jit

__all__ = [
    "ANGLES", "HALF", "LANES", "ROW", "digit_reversed", "forward", "inverse", "pack", "phases",
    "roots_of_unity", "stream", "unpack",
]  # fmt: skip

#: Directions of a block, and of one half of P_3.
ANGLES = 32
HALF = ANGLES // 2
#: Complex series of a block, and numbers of a row.
LANES = ANGLES + HALF
ROW = 2 * LANES


def digit_reversed(n: int) -> np.ndarray:
    """Row of each wavenumber 0..n-1 after :func:`forward`, n a power of two."""
    order = np.zeros(1, dtype=np.int64)
    sizes = []
    while n > 1:
        radix = 4 if n % 4 == 0 else 2
        sizes.append(radix)
        n //= radix
    for radix in reversed(sizes):
        order = np.concatenate([radix * order + j for j in range(radix)])
    return np.argsort(order)


def roots_of_unity(n: int) -> np.ndarray:
    """cos and -sin of 2 pi p/n, shape (2, n)."""
    angle = 2.0 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), -np.sin(angle)])


def phases(v: np.ndarray, n: int, length: float, distance: float) -> np.ndarray:
    """Factors by which :func:`stream` shifts every direction by v times a distance.

    Returns
    -------
    ndarray (n_block, n/2 + 1, 2 ANGLES)
        cos and sin of k v distance over n, k = 2 pi a/length: the normalisation of the
        transforms is included. The wave of two cells, which has no sign of k and cannot be
        shifted, is dropped: shifts add up.
    """
    k = 2.0 * np.pi * np.arange(n // 2 + 1) / length
    angle = np.einsum("a,bv->bav", k * distance, v.reshape(-1, ANGLES))
    factor = np.concatenate([np.cos(angle), np.sin(angle)], axis=2) / n
    factor[:, n // 2] = 0.0
    return factor


def pack(p: np.ndarray) -> np.ndarray:
    """Blocks (n_block, n_z, ROW) of vectors (n_z, 3, n_v), n_v a multiple of ANGLES."""
    x, y, z = (np.moveaxis(p[:, i].reshape(p.shape[0], -1, ANGLES), 1, 0) for i in range(3))
    return np.ascontiguousarray(np.concatenate([x, z[..., :HALF], y, z[..., HALF:]], axis=2))


def unpack(blocks: np.ndarray) -> np.ndarray:
    """Inverse of :func:`pack`."""
    x, z1, y, z2 = np.split(blocks, [ANGLES, LANES, LANES + ANGLES], axis=2)
    parts = [np.moveaxis(part, 0, 1) for part in (x, y, np.concatenate([z1, z2], axis=2))]
    return np.stack([part.reshape(part.shape[0], -1) for part in parts], axis=1)


@inlined
def _butterfly(a, b, c, d, lanes, w):
    """Four rows of one butterfly; ``w`` the three twiddle factors."""
    w1r, w1i, w2r, w2i, w3r, w3i = w
    for i in range(lanes):
        ar = a[i] + c[i]
        ai = a[LANES + i] + c[LANES + i]
        br = a[i] - c[i]
        bi = a[LANES + i] - c[LANES + i]
        cr = b[i] + d[i]
        ci = b[LANES + i] + d[LANES + i]
        dr = b[i] - d[i]
        di = b[LANES + i] - d[LANES + i]
        a[i] = ar + cr
        a[LANES + i] = ai + ci
        er = br + di
        ei = bi - dr
        b[i] = er * w1r - ei * w1i
        b[LANES + i] = er * w1i + ei * w1r
        er = ar - cr
        ei = ai - ci
        c[i] = er * w2r - ei * w2i
        c[LANES + i] = er * w2i + ei * w2r
        er = br - di
        ei = bi + dr
        d[i] = er * w3r - ei * w3i
        d[LANES + i] = er * w3i + ei * w3r


@inlined
def _butterfly_back(a, b, c, d, lanes, w):
    """Inverse of :func:`_butterfly`, times four."""
    w1r, w1i, w2r, w2i, w3r, w3i = w
    for i in range(lanes):
        br = b[i] * w1r + b[LANES + i] * w1i
        bi = b[LANES + i] * w1r - b[i] * w1i
        cr = c[i] * w2r + c[LANES + i] * w2i
        ci = c[LANES + i] * w2r - c[i] * w2i
        dr = d[i] * w3r + d[LANES + i] * w3i
        di = d[LANES + i] * w3r - d[i] * w3i
        er = a[i] + cr
        ei = a[LANES + i] + ci
        fr = a[i] - cr
        fi = a[LANES + i] - ci
        gr = br + dr
        gi = bi + di
        hr = br - dr
        hi = bi - di
        a[i] = er + gr
        a[LANES + i] = ei + gi
        b[i] = fr - hi
        b[LANES + i] = fi + hr
        c[i] = er - gr
        c[LANES + i] = ei - gi
        d[i] = fr + hi
        d[LANES + i] = fi - hr


@jit
def _pair(a, b, lanes):
    """Sum and difference of two rows."""
    for i in range(lanes):
        r = a[i] - b[i]
        s = a[LANES + i] - b[LANES + i]
        a[i] += b[i]
        a[LANES + i] += b[LANES + i]
        b[i] = r
        b[LANES + i] = s


@jit
def _twiddles(root, k):
    return root[0, k], root[1, k], root[0, 2 * k], root[1, 2 * k], root[0, 3 * k], root[1, 3 * k]


@jit
def forward(x, root, lanes):
    """Transform the first ``lanes`` series of x[n, ROW]: sum_j x_j e^{-2 pi i j k/n}."""
    n = x.shape[0]
    m = n
    while m >= 4:
        q = m // 4
        for block in range(0, n, m):
            for p in range(q):
                w = _twiddles(root, p * (n // m))
                s = block + p
                _butterfly(x[s], x[s + q], x[s + 2 * q], x[s + 3 * q], lanes, w)
        m = q
    if m == 2:
        for s in range(0, n, 2):
            _pair(x[s], x[s + 1], lanes)


@jit
def inverse(x, root, lanes):
    """n times the inverse of :func:`forward`."""
    n = x.shape[0]
    m = n
    while m >= 4:
        m //= 4
    if m == 2:
        for s in range(0, n, 2):
            _pair(x[s], x[s + 1], lanes)
    while m < n:
        q = m
        m *= 4
        for block in range(0, n, m):
            for p in range(q):
                w = _twiddles(root, p * (n // m))
                s = block + p
                _butterfly_back(x[s], x[s + q], x[s + 2 * q], x[s + 3 * q], lanes, w)


@inlined
def _turn(a, b, f):
    """Phases of wavenumbers k (row a) and -k (row b).

    P_1 + i P_2 is complex. The two real series Z = A + iB share a lane: A(k) = (Z(k) +
    Z(-k)*)/2, B(k) = (Z(k) - Z(-k)*)/2i.
    """
    for i in range(ANGLES):
        c = f[i]
        s = f[ANGLES + i]
        r = a[i]
        t = a[LANES + i]
        a[i] = r * c + t * s
        a[LANES + i] = t * c - r * s
        r = b[i]
        t = b[LANES + i]
        b[i] = r * c - t * s
        b[LANES + i] = t * c + r * s
    for i in range(HALF):
        ar = 0.5 * (a[ANGLES + i] + b[ANGLES + i])
        ai = 0.5 * (a[LANES + ANGLES + i] - b[LANES + ANGLES + i])
        br = 0.5 * (a[LANES + ANGLES + i] + b[LANES + ANGLES + i])
        bi = 0.5 * (b[ANGLES + i] - a[ANGLES + i])
        c = f[i]
        s = f[ANGLES + i]
        cr = ar * c + ai * s
        ci = ai * c - ar * s
        c = f[HALF + i]
        s = f[ANGLES + HALF + i]
        dr = br * c + bi * s
        di = bi * c - br * s
        a[ANGLES + i] = cr - di
        a[LANES + ANGLES + i] = ci + dr
        b[ANGLES + i] = cr + di
        b[LANES + ANGLES + i] = dr - ci


@jit
def stream(x, phase, root, place):
    """Shift the directions of one block x[n, ROW] in place.

    ``phase`` is that of :func:`phases` for the block, ``place`` of :func:`digit_reversed`.
    """
    n = x.shape[0]
    forward(x, root, LANES)
    for k in range(1, n // 2):
        _turn(x[place[k]], x[place[n - k]], phase[k])
    for k in (0, n // 2):
        row = x[place[k]]
        for i in range(ANGLES):
            row[i] *= phase[k, i]
            row[LANES + i] *= phase[k, i]
        for i in range(HALF):
            row[ANGLES + i] *= phase[k, i]
            row[LANES + ANGLES + i] *= phase[k, HALF + i]
    inverse(x, root, LANES)
