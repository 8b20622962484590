"""What follows each transport step: nothing, oscillation, relaxation or threshold mixing.

A scheme is one class with ``apply(f)``, which changes ``f[component, sector, energy, mu, r]``
in place over one step, and ``keeps_trace``, whether it keeps f_ee + f_xx, and one line in
:data:`SCHEMES`. Runs have two flavours, the second heavy flavour is a spectator; quantum kinetics
can have three.

Steps are in coordinate time. A rate that is linear in the neutrino density n is, with the
number weights of energies at infinity, a n = a^-2 n_inf: a for proper time per coordinate
time, a^-3 for the local measure E^2 dE = E_inf^2 dE_inf/a^3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from qkepipe.constants import C_LIGHT
from qkepipe.errors import Defect, QkepipeError
from qkepipe.mixing.bgk import bgk_step, check_mode, mixing_state
from qkepipe.mixing.registry import get_prescription
from qkepipe.mixing.threshold import get_threshold_rule, is_forward, threshold_step
from qkepipe.oscillation.rotation import SelfInteraction
from qkepipe.oscillation.rotation_three import SelfInteractionThree

__all__ = ["SCHEMES", "Oscillation", "Scheme", "Setup", "component_number"]

FLAVORS = 2


@dataclass(frozen=True)
class Setup:
    """What an operator may need.

    Attributes
    ----------
    grid : Grid
    step : float
        c dt [cm].
    rho : ndarray (n_r,)
        Density [g cm^-3].
    options : dict
        Of the scheme.
    growth_ratio : float or ndarray (n_r,)
        Growth rate of the dispersion relation over the growth estimate.
    """

    grid: Any
    step: float
    rho: np.ndarray
    options: dict
    growth_ratio: float | np.ndarray = 1.0


class Oscillation:
    """Self-interaction with the Hamiltonian attenuated by ``xi``, a number or one per cell."""

    keeps_trace = True

    def __init__(self, setup: Setup):
        g = setup.grid
        n_r = g.radius.centres.size
        xi = np.asarray(setup.options["xi"], dtype=float)
        if xi.shape not in ((), (n_r,)) or not np.all((xi >= 0.0) & (xi <= 1.0)):
            raise QkepipeError(
                Defect("run", "xi", f"shape {xi.shape}, or values outside of 0 to 1",
                       f"one number, or {n_r}, from 0 to 1")
            )  # fmt: skip
        turning = SelfInteraction if setup.options.get("flavors", 2) == 2 else SelfInteractionThree
        self.operator = turning(
            g.energy.weights,
            g.angle.centres,
            g.angle.widths,
            n_r,
            xi,
            setup.step,
            g.lapse**-2.0,
        )

    def apply(self, f: np.ndarray) -> None:
        """Rotate the state over one step."""
        self.operator.apply(f)


class Relaxation:
    """BGK relaxation to the asymptotic state of ``prescription`` in tau = ``c_tau``/rate.

    The rate is the growth estimate of each step times ``growth_ratio`` of the setup.
    """

    keeps_trace = True

    def __init__(self, setup: Setup):
        rule = get_prescription(setup.options["prescription"], FLAVORS)
        if "mask" in rule.needs:
            raise QkepipeError(
                Defect(
                    "mixing",
                    "prescription",
                    f"{rule.name} holds in cells that a run cannot know",
                    "a prescription without a mask",
                )
            )
        self.setup = setup
        self.mode = setup.options.get("mode")
        check_mode(rule, self.mode or rule.modes[0])
        self.rate_factor = setup.growth_ratio * setup.grid.lapse**-2.0
        self.state = mixing_state(setup.grid.angle.centres.size, setup.rho.size)

    def apply(self, f: np.ndarray) -> None:
        """Relax the occupations over one step."""
        g = self.setup.grid
        bgk_step(
            f.reshape(4, *f.shape[2:]),
            g.energy.weights,
            g.angle.weights,
            g.angle.centres,
            self.setup.step / C_LIGHT,
            flavors=FLAVORS,
            prescription=self.setup.options["prescription"],
            mode=self.mode,
            rate_factor=self.rate_factor,
            c_tau=self.setup.options["c_tau"],
            rtol=self.setup.options["tolerance"],
            state=self.state,
            parallel=True,
        )


class Threshold:
    """Equilibration by ``rule`` (``pair``) below ``density`` [g cm^-3].

    With ``flux_factor`` only where the mean flux factor of nuebar exceeds it, as the state is
    at each step.
    """

    def __init__(self, setup: Setup):
        self.setup = setup
        rule = get_threshold_rule(setup.options.get("rule", "pair"))
        self.rule = rule.name
        self.keeps_trace = "trace" in rule.conserves
        self.flux_factor = setup.options.get("flux_factor")

    def apply(self, f: np.ndarray) -> None:
        """Equilibrate the occupations."""
        g = self.setup.grid
        species = f.reshape(4, *f.shape[2:])
        where = None
        if self.flux_factor is not None:
            where = is_forward(
                species[1], g.energy.weights, g.angle.weights, g.angle.centres, self.flux_factor
            )
        threshold_step(
            species,
            g.angle.weights,
            self.setup.rho,
            self.setup.options["density"],
            flavors=FLAVORS,
            rule=self.rule,
            where=where,
            parallel=True,
        )


@dataclass(frozen=True)
class Scheme:
    """Operator class (None: nothing), and components of the state of two and of three flavours.

    Without the latter it has two flavours only.
    """

    operator: Callable[[Setup], Any] | None
    components: int
    three: int | None = None


#: Schemes by name.
SCHEMES: dict[str, Scheme] = {
    "classical": Scheme(None, 2),
    "qke": Scheme(Oscillation, 4, 9),
    "bgk": Scheme(Relaxation, 2),
    "threshold": Scheme(Threshold, 2),
}


def component_number(scheme: str, flavors: int) -> int:
    """Components of the state of a scheme: 2 (ee, xx), 4 or 9 (flavour matrices).

    Raises
    ------
    QkepipeError
        A number of flavours that the scheme does not have.
    """
    found = SCHEMES[scheme]
    known = (2,) if found.three is None else (2, 3)
    if isinstance(flavors, bool) or flavors not in known:
        raise QkepipeError(
            Defect(
                "run", "flavors", f"{flavors!r} of scheme {scheme}", " or ".join(map(str, known))
            )
        )
    return found.components if flavors == 2 else found.three
