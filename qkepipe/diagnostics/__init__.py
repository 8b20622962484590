"""What a radiation field does: moments, heating, decoupling, conservation, comparison."""

from qkepipe.diagnostics.comparison import COLUMNS, compare
from qkepipe.diagnostics.conservation import steady_balance
from qkepipe.diagnostics.convergence import XiSequence, xi_convergence, xi_sequence
from qkepipe.diagnostics.field import diagnose
from qkepipe.diagnostics.gain import gain_radius, net_heating_between
from qkepipe.diagnostics.growth import LINEAR_LEVELS, measured_growth
from qkepipe.diagnostics.heating import heating_and_cooling, ye_dot
from qkepipe.diagnostics.neutrinosphere import (
    averaged_opacity,
    effective_opacity,
    inner_optical_depth,
    neutrinosphere_radius,
    optical_depth,
    sphere_of_depth,
    transport_opacity,
)
from qkepipe.diagnostics.quantities import ALL, QUANTITIES
from qkepipe.diagnostics.radiation import (
    angular_distribution,
    flux_factor,
    flux_mean_energy,
    luminosities,
    mean_energy,
    rms_energy,
    spectrum,
)
from qkepipe.diagnostics.radii import default_profile_radii
from qkepipe.diagnostics.resolution import GRID_AXES, GRID_COLUMNS, grid_errors
from qkepipe.diagnostics.scores import PUBLISHED_BOUND, SCORE_COLUMNS, global_scores
from qkepipe.diagnostics.summary import summarise
from qkepipe.diagnostics.table import to_csv

__all__ = [
    "ALL",
    "COLUMNS",
    "GRID_AXES",
    "GRID_COLUMNS",
    "LINEAR_LEVELS",
    "PUBLISHED_BOUND",
    "QUANTITIES",
    "SCORE_COLUMNS",
    "XiSequence",
    "angular_distribution",
    "averaged_opacity",
    "compare",
    "default_profile_radii",
    "diagnose",
    "effective_opacity",
    "flux_factor",
    "flux_mean_energy",
    "gain_radius",
    "global_scores",
    "grid_errors",
    "heating_and_cooling",
    "inner_optical_depth",
    "luminosities",
    "mean_energy",
    "measured_growth",
    "net_heating_between",
    "neutrinosphere_radius",
    "optical_depth",
    "rms_energy",
    "spectrum",
    "sphere_of_depth",
    "steady_balance",
    "summarise",
    "to_csv",
    "transport_opacity",
    "xi_convergence",
    "xi_sequence",
    "ye_dot",
]
