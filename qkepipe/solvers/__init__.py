"""Drivers that bring the operators together: the sphere, boxes, beams, one cell."""

from importlib import import_module as _import_module

_PUBLIC = {
    "cell_state": "qkepipe.solvers.cell",
    "run_box": "qkepipe.solvers.box",
    "run_homogeneous": "qkepipe.solvers.homogeneous",
    "run_moment_box": "qkepipe.solvers.moment_box",
    "run_spectral_box": "qkepipe.solvers.spectral",
    "run_sphere": "qkepipe.solvers.sphere",
    "run_two_beams": "qkepipe.solvers.two_beams",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(_import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'qkepipe.solvers' has no attribute {name!r}")
