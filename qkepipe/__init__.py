"""qkepipe: from supernova and merger snapshots to statements about neutrino flavour conversion.

The public calls below are imported on first use, so that ``import qkepipe`` stays
cheap and no numerical library is loaded before the threads of a job are set
(:mod:`qkepipe.runtime`).
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

_PUBLIC = {"open_snapshot": "qkepipe.snapshot"}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(_import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'qkepipe' has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *globals()])
