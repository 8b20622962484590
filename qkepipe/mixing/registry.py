"""The registered prescriptions: one line for each file."""

from __future__ import annotations

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.mixing import box, equipartition, none, power_half
from qkepipe.mixing.prescription import Prescription

__all__ = ["PRESCRIPTIONS", "get_prescription"]

#: Asymptotic-state prescriptions by name.
PRESCRIPTIONS: dict[str, Prescription] = {
    p.name: p
    for p in (
        none.PRESCRIPTION,
        equipartition.PRESCRIPTION,
        box.PRESCRIPTION,
        power_half.PRESCRIPTION,
    )
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
