"""Configuration of a study: the one source of defaults, bounds, units and descriptions.

The commented default file, the JSON schema and the reference table of the documentation are
generated from these models (:mod:`qkepipe.study.document`). The allowed names of readers,
processes, prescriptions and figures are those of :mod:`qkepipe.registered`, so that reading a
configuration imports no numerical library.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from qkepipe import registered

__all__ = [
    "BgkEntry",
    "CaseEntry",
    "Config",
    "ConstantsName",
    "EosBlock",
    "EosName",
    "FigureName",
    "PrescriptionName",
    "ProcessName",
    "QkeEntry",
    "ReaderName",
    "SnapshotEntry",
    "ThresholdEntry",
    "ThresholdRuleName",
]

ConstantsName = Literal["default", "bns_nurates", "nulib"]
ReaderName = Literal["auto", *registered.READERS]
EosName = Literal["none", *registered.EOS_READERS]
ProcessName = Literal[*registered.PROCESSES]
PrescriptionName = Literal[
    *(name for name in registered.PRESCRIPTIONS if name not in registered.SINGLE_MAPS)
]
ThresholdRuleName = Literal[*registered.THRESHOLD_RULES]
FigureName = Literal[*registered.FIGURES]

#: Names become folder and file names, wildcards of the workflow and column values.
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
#: Folders beside those of the snapshots.
_RESERVED = ("figures",)

_2PI = 2.0 * math.pi


def _field(default: Any, description: str, unit: str = "", **bounds: Any) -> Any:
    """Field with default, description, unit and bounds."""
    extra = {"unit": unit} if unit else None
    return Field(default, description=description, json_schema_extra=extra, **bounds)


class _Block(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True
    )


class SnapshotEntry(_Block):
    """One snapshot of a simulation."""

    name: str = Field(description="Name in paths and tables.", pattern=_NAME)
    format: ReaderName = _field(
        "auto", "Reader; `auto` asks the file, `analytic` and `remnant` are models without one."
    )
    path: str | None = _field(
        None, "File or folder, relative to the working directory; none for models."
    )
    options: dict[str, Any] = _field(
        {}, "Options of the reader (units, columns, ray, ...) or parameters of the model."
    )

    @model_validator(mode="after")
    def _path_fits_format(self) -> SnapshotEntry:
        computed = self.format in registered.MODELS
        if computed and self.path is not None:
            raise ValueError(
                f"path={self.path!r} given; expected no path for format {self.format!r}"
            )
        if not computed and not self.path:
            raise ValueError(
                f"path is missing; expected a file, or format {' or '.join(registered.MODELS)}"
            )
        return self


class GridBlock(_Block):
    """Phase-space grid."""

    r_in_km: float = _field(33.0, "Inner edge of the radial grid.", "km", gt=0, le=1e6)
    r_out_km: float = _field(105.0, "Outer edge of the radial grid.", "km", gt=0, le=1e6)
    n_r: int = _field(120, "Radial cells of the base grid, geometric in r.", ge=8, le=100000)
    n_mu: int = _field(16, "Angular bins, an even number.", ge=4, le=1024)
    mu_power: float = _field(
        1.5, "Concentration of the angular bins towards mu = 1; 1 is uniform.", ge=1, le=4
    )
    energy_groups: Literal["geometric", "snapshot"] = _field(
        "geometric",
        "Energy groups: geometric, from the three keys below, or those of the snapshot's own "
        "rates or moments, whose rates then pass unchanged (flat metric only).",
    )
    n_energy: int = _field(8, "Energy groups, geometric.", ge=1, le=100)
    energy_first_MeV: float = _field(6.0, "Upper edge of the first group.", "MeV", gt=0, le=1000)
    energy_last_MeV: float = _field(60.0, "Upper edge of the last group.", "MeV", gt=0, le=1000)
    resolve_xi: float = _field(
        1e-4, "Largest attenuation whose flavour waves the solve grid resolves.", gt=0, le=1
    )
    cells_per_length: float = _field(
        1.0,
        "Cells per 1/(xi k) in the unstable region, k the largest unstable wavenumber; the "
        "fastest mode then has about 10 cells per wavelength.",
        gt=0,
        le=100,
    )
    refinement: int = _field(
        2,
        "Factor by which cells, angular bins and energy groups change, one at a time, in the "
        "resolution study of the classical field; 1: none.",
        ge=1,
        le=4,
    )
    max_cells: int = _field(4000, "Upper limit of the radial cells of a solve.", ge=8, le=10000000)

    @field_validator("n_mu")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError(f"{value}; expected an even number")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> GridBlock:
        if self.r_out_km <= self.r_in_km:
            raise ValueError(
                f"r_out_km={self.r_out_km:g}; expected more than r_in_km={self.r_in_km:g}"
            )
        if self.n_energy > 1 and self.energy_last_MeV <= self.energy_first_MeV:
            raise ValueError(
                f"energy_last_MeV={self.energy_last_MeV:g}; expected more than "
                f"energy_first_MeV={self.energy_first_MeV:g}"
            )
        return self


class WeakOverrides(_Block):
    """Values that replace those of `background.constants`; null keeps its value."""

    g_a: float | None = _field(None, "Axial coupling of the nucleon.", gt=0, le=3)
    sin2_theta_w: float | None = _field(None, "Weak mixing angle.", gt=0, lt=1)
    nucleon_blocking: Literal["bounded", "bruenn", "clipped"] | None = _field(
        None, "Final-state blocking of nucleons where potentials do not fit the densities."
    )
    scattering_recoil: Literal["horowitz", "low_energy"] | None = _field(
        None, "Weak magnetism and recoil of scattering on nucleons."
    )
    electron_polarisation: bool | None = _field(
        None, "Polarisation of the electrons in scattering on nuclei."
    )


RestMass = Literal["auto", "included", "excluded"]


class EosBlock(_Block):
    """Tabulated equation of state."""

    format: EosName = _field(
        "none", "Format of the table; `none`: ideal gases complete what the snapshot lacks."
    )
    path: str | None = _field(None, "File or folder, relative to the working directory.")
    electron_mass: RestMass = _field(
        "auto", "Rest mass of the electron in mu_e of the table; `auto` finds out."
    )
    nucleon_masses: RestMass = _field(
        "auto", "Difference of the nucleon masses in mu_n - mu_p of the table; `auto` finds out."
    )

    @model_validator(mode="after")
    def _path_fits_format(self) -> EosBlock:
        if self.format == "none" and self.path is not None:
            raise ValueError(f"path={self.path!r} given; expected a format other than 'none'")
        if self.format != "none" and not self.path:
            raise ValueError("path is missing; expected a file or folder, or format 'none'")
        return self


class BackgroundBlock(_Block):
    """Matter and weak rates."""

    rates: Literal["auto", "snapshot", "computed"] = _field(
        "auto",
        "Weak rates: of the snapshot, computed, or `auto` (the snapshot's where it has any).",
    )
    processes: list[ProcessName] = _field(
        [
            "beta", "scattering_nucleons", "scattering_nuclei", "absorption_nuclei", "pair",
            "bremsstrahlung_hr98",
        ],
        "Processes of the computed rates; `bremsstrahlung` and `bremsstrahlung_hr98` are "
        "alternatives.",
        min_length=1,
    )  # fmt: skip
    gravity: Literal["auto", "snapshot", "computed", "flat"] = _field(
        "auto",
        "Metric: lapse or radial metric of the snapshot, computed from its density (needs a "
        "profile from the centre on), flat space, or `auto` (flat where the transport of the "
        "snapshot was, else the first that the snapshot allows).",
    )
    constants: ConstantsName = _field(
        "default",
        "Constants and treatments of the computed rates: the project's, or those of a public "
        "program.",
    )
    overrides: WeakOverrides = _field(
        WeakOverrides(), "Values that replace those of `constants`; null keeps its value."
    )
    weak_magnetism: Literal["off", "point", "form_factors"] = _field(
        "form_factors",
        "Recoil and weak magnetism of nucleons: none, of point nucleons, or with form factors.",
    )
    group_average: bool = _field(
        True, "Average computed rates over the energy groups, instead of rates at their centres."
    )
    pair_species: Literal["heavy", "all"] = _field(
        "heavy",
        "Neutrinos that thermal processes make in pairs: heavy flavours, or all. With the second "
        "neutrino of a pair in equilibrium, pairs of nue and nuebar break lepton number.",
    )
    fluid: Literal["auto", "rest", "moving"] = _field(
        "auto",
        "Fluid of the classical field: at rest, moving with the velocity of the snapshot (first "
        "order in v/c), or `auto` (moving where the snapshot has a velocity). Runs in time have "
        "it at rest.",
    )
    eos: EosBlock = _field(
        EosBlock(),
        "Equation of state of the simulation, for what the snapshot lacks of chemical potentials "
        "and composition.",
    )
    cold_composition: Literal["refuse", "bound_nuclei"] = _field(
        "bound_nuclei",
        "Where matter is too cold for nuclear equilibrium and neither snapshot nor table has the "
        "composition: stop, or take all nucleons as bound.",
    )

    @field_validator("processes")
    @classmethod
    def _one_of_each(cls, value: list[str]) -> list[str]:
        if both := registered.repeated(value):
            raise ValueError(" and ".join(both) + " are the same reaction; expected one of them")
        return value


class StabilityBlock(_Block):
    """Stability map."""

    crossing_tolerance: float = _field(
        1e-3, "Depth of a crossing, relative to the larger lobe, that counts.", ge=0, lt=1
    )
    lsa_cells: int = _field(
        24,
        "At most so many unstable cells get a full dispersion relation.",
        ge=0,
        le=100000,
    )
    lsa_choice: Literal["fastest", "even"] = _field(
        "fastest",
        "Which ones: those of the largest growth estimate, or evenly spread over all unstable "
        "cells.",
    )


class CalibrationBlock(_Block):
    """Mixing prescriptions against local boxes."""

    cells: Annotated[int, Field(ge=0, le=10000)] | Literal["all"] = _field(
        6,
        "At most so many fast-unstable cells, evenly spread, in which local boxes of quantum "
        "kinetics score every prescription; `all` takes all of them, 0 leaves it out.",
    )

    @field_validator("cells", mode="before")
    @classmethod
    def _number_or_all(cls, value: Any) -> Any:
        # one line for both kinds
        if value != "all" and not (isinstance(value, int) and 0 <= value <= 10000):
            raise ValueError(f"{value!r}; expected a whole number from 0 to 10000, or 'all'")
        return value


class SeedBlock(_Block):
    """Initial flavour coherence of quantum-kinetic runs."""

    kind: Literal["wave", "noise", "vacuum"] = _field(
        "wave",
        "Wave of the fastest wavenumber, random phases, or the coherence that vacuum mixing by "
        "theta_13 has in matter, with the phase of the vacuum term.",
    )
    amplitude: float = _field(
        1e-6, "Angle by which flavour vectors are turned (wave and noise).", gt=0, le=0.1
    )
    boundary: Literal["steady", "noise"] = _field(
        "steady", "What enters at the inner edge: one phase, or random phases that change in time."
    )
    number: int = _field(1, "Seed of the random generator (noise).", ge=0, le=2**32 - 1)


class RecordBlock(_Block):
    """State of quantum-kinetic runs that is kept in full."""

    radii_km: list[Annotated[float, Field(gt=0, le=1e6)]] = _field(
        [], "Radii at which all components of the state are kept, at the nearest cell.", "km"
    )
    times: int = _field(20, "Times, evenly spread over the run.", ge=1, le=1000)


class SolveBlock(_Block):
    """Runs in time."""

    r_in_km: float | None = _field(
        None,
        "Inner edge of the runs, where the classical field enters; null: that of the grid. The "
        "classical field itself can start much deeper, where all species are in equilibrium.",
        "km",
        gt=0,
        le=1e6,
    )
    crossings: float = _field(
        6.0,
        "Duration of quantum-kinetic runs in light-crossing times of the domain.",
        gt=0,
        le=1000,
    )
    average_from: float = _field(
        0.6, "Fraction of the run after which time averages start.", ge=0, lt=1
    )
    cfl: float = _field(0.5, "Time step over the shortest cell-crossing time.", gt=0, le=0.5)
    tolerance: float = _field(
        1e-9,
        "Largest last correction of the classical steady field, relative to the density.",
        gt=0,
        le=1e-4,
    )
    samples: int = _field(400, "Samples of the time series and of the averages.", ge=8, le=1000000)
    steady_tolerance: float = _field(
        1e-3,
        "Relaxation and threshold runs end when densities and fluxes, averaged over half a light "
        "crossing, change by less than this from one half crossing to the next; 0: they last "
        "`steady_crossings`.",
        ge=0,
        le=0.1,
    )
    steady_crossings: float = _field(
        20.0,
        "Longest duration of relaxation and threshold runs in light-crossing times.",
        gt=0,
        le=1000,
    )
    seed: SeedBlock = _field(SeedBlock(), "Initial flavour coherence.")
    record: RecordBlock = _field(
        RecordBlock(), "State kept in full: `f_recorded` of a solution of quantum kinetics."
    )


class QkeEntry(_Block):
    """Quantum kinetics with the Hamiltonian attenuated by xi."""

    scheme: Literal["qke"] = Field(description="Kind of run.")
    xi: list[Annotated[float, Field(gt=0, le=1)]] = Field(
        description="Attenuations, one run each; 1 is the physical Hamiltonian.", min_length=1
    )
    flavors: Literal[2, 3] = _field(
        2,
        "Two, with a second heavy flavour that keeps its classical field, or three; the same for "
        "all quantum kinetics of a study.",
    )


class BgkEntry(_Block):
    """Relaxation towards an asymptotic state."""

    scheme: Literal["bgk"] = Field(description="Kind of run.")
    prescription: PrescriptionName = _field("box", "Asymptotic state.")
    mode: Literal["map", "exponential", "backward_euler"] | None = _field(
        None,
        "At once in every step (`map`), or in the relaxation time with time and target of the "
        "start of the step, by its exponential (`exponential`) or by an implicit step "
        "(`backward_euler`); null: what the prescription is made for, which is the exact "
        "relaxation for `box` and `map` for the others.",
    )
    growth: Literal["estimate", "dispersion"] = _field(
        "estimate",
        "Growth rate of the relaxation time: sqrt(2) G_F sqrt(A B)/hbar with the lobes A, B of "
        "ELN-XLN, or that times the ratio of the fastest growth of the dispersion relation to it, "
        "cell by cell in the classical field. Without effect where a state is reached at once.",
    )
    c_tau: float = _field(_2PI, "Relaxation time times the growth rate (2 pi).", gt=0, le=1e6)
    tolerance: float = _field(
        1e-6, "Relative depth of a crossing below which nothing relaxes.", ge=0, lt=1
    )

    @field_validator("prescription", mode="before")
    @classmethod
    def _is_for_runs(cls, value: Any) -> Any:
        lacking = registered.SINGLE_MAPS.get(value) if isinstance(value, str) else None
        if lacking:
            raise ValueError(
                f"{value!r} needs {lacking}, which a run does not have; expected "
                + ", ".join(get_args(PrescriptionName))
            )
        return value

    @model_validator(mode="after")
    def _mode_exists(self) -> BgkEntry:
        if self.mode not in (None, "map") and self.prescription in registered.ONLY_MAPS:
            raise ValueError(
                f"mode={self.mode!r} with prescription {self.prescription!r}; expected 'map', as "
                "it is no target of a relaxation"
            )
        return self


class ThresholdEntry(_Block):
    """Flavour equilibration below a density."""

    scheme: Literal["threshold"] = Field(description="Kind of run.")
    density: list[Annotated[float, Field(gt=0, le=1e16)]] = Field(
        description="Threshold densities, one run each.",
        min_length=1,
        json_schema_extra={"unit": "g cm-3"},
    )
    rule: ThresholdRuleName = _field("pair", "What a group is brought to.")
    flux_factor: float | None = _field(
        None,
        "Acts only where the mean flux factor of nuebar exceeds this; null: no such condition.",
        ge=-1,
        lt=1,
    )


CaseEntry = Annotated[QkeEntry | BgkEntry | ThresholdEntry, Field(discriminator="scheme")]


class ReportBlock(_Block):
    """Figures and report."""

    figures: list[FigureName] = _field(
        list(registered.FIGURES), "Figures, in the order of the report."
    )
    profile_radii_km: list[Annotated[float, Field(gt=0, le=1e6)]] = _field(
        [], "Radii of spectra and angular distributions; empty: chosen from the data.", "km"
    )

    @field_validator("figures")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        return list(dict.fromkeys(value))


class RunBlock(_Block):
    """How jobs run; changes no number."""

    checkpoint_seconds: float = _field(
        60.0, "Wall time between checkpoints of a run.", "s", gt=0, le=86400
    )
    cases_per_job: int = _field(
        0, "Cases that share a job; 0: all cases of a snapshot. 1 suits a cluster.", ge=0, le=10000
    )


class Config(_Block):
    """A study."""

    study: str = _field("default", "Name of the study: folder below `results`.", pattern=_NAME)
    snapshots: list[SnapshotEntry] = _field(
        [SnapshotEntry(name="ccsn_demo", format="analytic")],
        "Snapshots, each with all cases.",
        min_length=1,
    )
    field: Literal["transport", "snapshot", "moments"] = _field(
        "transport",
        "Radiation field: own classical transport; or that of the snapshot on the grid of the "
        "study, from its occupations or with maximum entropy from its moments (background, field "
        "and stability map, no solves); or its moments on its own zones (stability map only).",
    )
    grid: GridBlock = _field(GridBlock(), "Phase-space grid.")
    background: BackgroundBlock = _field(BackgroundBlock(), "Matter and weak rates.")
    stability: StabilityBlock = _field(StabilityBlock(), "Stability map.")
    calibration: CalibrationBlock = _field(
        CalibrationBlock(), "Mixing prescriptions against local boxes."
    )
    solve: SolveBlock = _field(SolveBlock(), "Runs in time.")
    cases: list[CaseEntry] = _field(
        [
            QkeEntry(scheme="qke", xi=[2.5e-5, 5e-5, 1e-4]),
            BgkEntry(scheme="bgk", prescription="box"),
        ],
        "Runs with flavour conversion; the classical run is always there.",
    )
    resolutions: list[Annotated[float, Field(ge=0.25, le=8)]] = _field(
        [1.0],
        "Factors on n_r, n_mu and cells_per_length; all cases run at each, 1 is always there.",
    )
    report: ReportBlock = _field(ReportBlock(), "Figures and report.")
    run: RunBlock = _field(RunBlock(), "How jobs run; changes no number.")

    @field_validator("snapshots")
    @classmethod
    def _names(cls, value: list[SnapshotEntry]) -> list[SnapshotEntry]:
        seen: set[str] = set()
        for entry in value:
            name = entry.name.lower()
            if name in _RESERVED:
                raise ValueError(f"name {entry.name!r} is reserved; expected another name")
            if name in seen:
                # file systems that ignore case exist
                raise ValueError(f"name {entry.name!r} appears twice; expected unique names")
            seen.add(name)
        return value

    @field_validator("resolutions")
    @classmethod
    def _with_one(cls, value: list[float]) -> list[float]:
        return sorted({1.0, *value}, key=lambda factor: (factor != 1.0, factor))

    @model_validator(mode="after")
    def _runs_inside_grid(self) -> Config:
        inner, grid = self.solve.r_in_km, self.grid
        if inner is not None and not grid.r_in_km <= inner < grid.r_out_km:
            raise ValueError(
                f"solve.r_in_km={inner:g}; expected a radius of the grid, "
                f"{grid.r_in_km:g} to {grid.r_out_km:g}"
            )
        first = grid.r_in_km if inner is None else inner
        outside = [r for r in self.solve.record.radii_km if not first <= r <= grid.r_out_km]
        if outside:
            raise ValueError(
                f"solve.record.radii_km={outside[0]:g}; expected radii of the runs, "
                f"{first:g} to {grid.r_out_km:g}"
            )
        return self

    @model_validator(mode="after")
    def _one_number_of_flavours(self) -> Config:
        # the error of attenuation is taken from neighbours in xi, scores from the largest xi
        if len({entry.flavors for entry in self.cases if entry.scheme == "qke"}) > 1:
            raise ValueError("cases: qke with flavors 2 and 3; expected one number of flavours")
        return self

    @model_validator(mode="after")
    def _case_names(self) -> Config:
        # naming is where cases are made; the cycle is only one of modules
        from qkepipe.study.cases import expand_cases

        seen: set[str] = set()
        for case in expand_cases(self):
            if case.name in seen:
                raise ValueError(f"case {case.name!r} appears twice in cases; expected each once")
            seen.add(case.name)
        return self
