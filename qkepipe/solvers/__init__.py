"""Drivers that bring the operators together: the global sphere and the local box."""

from importlib import import_module as _import_module

_PUBLIC = {
    "run_sphere": "qkepipe.solvers.sphere",
    "run_box": "qkepipe.solvers.box",
    "run_moment_box": "qkepipe.solvers.moment_box",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(_import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'qkepipe.solvers' has no attribute {name!r}")
