"""Laboratory and fluid frame: declared, and by the Lorentz transformation of the density."""

from __future__ import annotations

import numpy as np

from qkepipe.constants import C_LIGHT
from qkepipe.snapshot.checks.moments import PAIRS
from qkepipe.snapshot.checks.view import View

__all__ = ["check"]

#: Accepted relative distance of n_lab/n_fluid from its Lorentz transformation.
_FRAME_SLACK = 0.05


def check(view: View) -> None:
    """Warn of a density and a flux in different frames."""
    _declared(view)
    _transformed(view)


def _declared(view: View) -> None:
    """Warn where density and flux state different frames."""
    for density, flux in PAIRS:
        if density not in view.dataset.variables or flux not in view.dataset.variables:
            continue
        frames = [view.dataset[n].attrs.get("frame") for n in (density, flux)]
        if None not in frames and frames[0] != frames[1]:
            view.report(
                flux, None, None, f"frames mixed: {frames[1]}, but {density} is {frames[0]}",
                "one frame in a ratio F/n", severity="warning", explains=False,
            )  # fmt: skip


def _transformed(view: View) -> None:
    """Compare lab and fluid number densities: n_lab = W (n + v F/c^2) with fluid n and F."""
    given = view.get_all(
        "nu_number_density", "nu_number_density_fluid", "nu_number_flux_fluid", "velocity_r"
    )
    if given is None:
        return
    lab, fluid, flux, velocity = given
    beta = velocity / C_LIGHT
    lorentz = 1.0 / np.sqrt((1.0 - beta**2).where(abs(beta) < 1.0))
    expected = lorentz * (fluid + beta * flux / C_LIGHT)
    ratio = lab.where(lab > 0.0) / expected.where(expected > 0.0)
    wrong = abs(ratio - 1.0) > _FRAME_SLACK
    if wrong.any():
        worst = float(ratio.values.ravel()[int(np.nanargmax(abs(ratio - 1.0).values))])
        view.report(
            "nu_number_density", wrong, lab,
            f"frames mixed? Lab density is {worst:.4g} times the transformed fluid density",
            f"W (1 + f v/c) within {_FRAME_SLACK:.0%}", "the frame of each column",
            severity="warning", explains=False,
        )  # fmt: skip
