"""The unit of all throughput figures: a plain numpy right-hand side on the same machine.

One evaluation of H x P - v d_z P for unit vectors P[z, 3, v] of the fast box, with moments
J_0 = P.g, J_1 = P.(v g), H = J_0 - v J_1 and a fourth-order central d_z. Rates of our kernels
are printed in cells x angles x stages per CPU second and divided by this one, measured in the
same process: absolute seconds depend on the machine and its load, the ratio much less.
"""

import ctypes
import time

import numpy as np

#: Sizes of the throughput problem: cells, numbers of angles.
CELLS = 1024
ANGLES = (16, 64, 200)


def right_hand_side(p, weights, v):
    """dP/dt of p[z, 3, v] with grid spacing 1."""
    h = (p @ weights)[..., None] - (p @ (v * weights))[..., None] * v
    x, y, z = p[:, 0], p[:, 1], p[:, 2]
    hx, hy, hz = h[:, 0], h[:, 1], h[:, 2]
    out = np.stack([hy * z - hz * y, hz * x - hx * z, hx * y - hy * x], axis=1)
    one = np.roll(p, -1, axis=0) - np.roll(p, 1, axis=0)
    two = np.roll(p, -2, axis=0) - np.roll(p, 2, axis=0)
    return out - v * (8 * one - two) / 12


def cpu_rate(work, points, repeat=3, seconds=0.4):
    """Points per CPU second of ``work()``: best of ``repeat`` runs of about ``seconds``."""
    start = time.process_time()
    work()
    once = max(time.process_time() - start, 1e-6)
    calls = max(1, int(seconds / once))
    best = 0.0
    for _ in range(repeat):
        start = time.process_time()
        for _ in range(calls):
            work()
        best = max(best, calls * points / (time.process_time() - start))
    return best


def fix_allocator():
    """Keep the allocator of glibc as it is in a new process.

    It learns from what is freed whether large arrays get new pages of the system each time, which
    most of the time of the yardstick goes to: the rate would triple within a process.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-3, 128 * 1024)  # M_MMAP_THRESHOLD, its initial value


def yardstick(n_angle, cells=CELLS):
    """Rate of the plain numpy right-hand side [cells x angles per CPU second]."""
    fix_allocator()
    v = -1 + (np.arange(n_angle) + 0.5) * 2 / n_angle
    weights = np.exp(-((v - 1) ** 2) / 0.72) * 2 / n_angle
    p = np.zeros((cells, 3, n_angle))
    p[:, 2] = 1.0
    return cpu_rate(lambda: right_hand_side(p, weights, v), cells * n_angle)
