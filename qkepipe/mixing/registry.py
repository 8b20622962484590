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


def get_prescription(name: str, flavors: int | None = None) -> Prescription:
    """Return a registered prescription.

    Parameters
    ----------
    name : str
        Key of :data:`PRESCRIPTIONS`.
    flavors : int, optional
        Number of flavours that it is to be used with.

    Raises
    ------
    QkepipeError
        If there is none of this name, or it is not defined for this number of flavours.
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
    rule = PRESCRIPTIONS[name]
    if flavors is not None and flavors not in rule.flavors:
        raise QkepipeError(
            Defect(
                "mixing",
                "flavors",
                f"{flavors} with prescription {name!r}",
                " or ".join(map(str, rule.flavors)),
            )
        )
    return rule
