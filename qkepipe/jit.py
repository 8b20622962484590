"""The one compile policy of all kernels.

Kernels are cached on disk, release the GIL and never use fast-math: the order of
floating-point operations is part of the result (same numbers for any number of
threads). Parallel kernels must not reduce across iterations of ``prange``.
"""

import numba

__all__ = ["gufunc", "jit", "jit_parallel", "prange"]

prange = numba.prange

#: Serial kernel.
jit = numba.njit(cache=True, nogil=True, error_model="numpy")

#: Kernel whose outer ``prange`` iterations are independent of one another.
jit_parallel = numba.njit(cache=True, nogil=True, error_model="numpy", parallel=True)


def gufunc(signatures, layout):
    """Generalised ufunc for a per-cell kernel, usable with ``xarray.apply_ufunc``.

    Parameters
    ----------
    signatures : list of str
        Numba type signatures, for example ``["void(float64[:], float64[:])"]``.
    layout : str
        Core dimensions, for example ``"(mu)->()"``.
    """
    return numba.guvectorize(signatures, layout, nopython=True, cache=True)
