"""The registered prescriptions, from the lines of :mod:`qkepipe.registered`."""

from __future__ import annotations

from qkepipe import registered
from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.mixing.prescription import Prescription

__all__ = ["PRESCRIPTIONS", "get_prescription"]

#: Asymptotic-state prescriptions by name.
PRESCRIPTIONS: dict[str, Prescription] = {
    name: registered.load(entry) for name, entry in registered.PRESCRIPTIONS.items()
}


def get_prescription(name: str) -> Prescription:
    """Return a registered prescription.

    Raises
    ------
    QkepipeError
        If there is none of this name.
    """
    if name not in PRESCRIPTIONS:
        raise QkepipeError(
            Defect(
                "mixing",
                "prescription",
                f"unknown prescription {name!r}",
                "one of " + ", ".join(PRESCRIPTIONS),
                nearest(name, PRESCRIPTIONS),
            )
        )
    return PRESCRIPTIONS[name]
