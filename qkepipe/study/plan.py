"""Plan of a study: which jobs there are, what each depends on and what it may use.

The Snakefile asks this module; it imports nothing numerical, as every job of a cluster
parses the Snakefile again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from qkepipe import registered
from qkepipe.runtime import code_hash, content_hash
from qkepipe.study.cases import Case, expand_cases
from qkepipe.study.config import Config

__all__ = ["BASE", "ROOMS", "SETTINGS", "Batch", "Plan", "gallery_code", "settings_view"]

#: Small modules that all rooms share; every stage depends on them.
BASE = (
    "__init__", "constants", "errors", "jit", "maximum_entropy", "phasespace", "schema", "species",
    "units",
)  # fmt: skip
_MATTER = ("eos", "matter", "opacity", "snapshot")
_TRANSPORT = ("mixing", "oscillation", "solvers", "transport")
# diagnostics reads grids and rates
_DIAGNOSTICS = ("diagnostics", "matter", *_TRANSPORT)

#: Source that decides the result of a stage: its own module and every room it imports. A
#: test compares this with the imports.
ROOMS: dict[str, tuple[str, ...]] = {
    "ingest": ("snapshot", "study.stages.ingest"),
    "background": (*_MATTER, "study.stages.background"),
    "baseline": (*_DIAGNOSTICS, "snapshot", "study.stages.baseline"),
    "resolution": (
        *_DIAGNOSTICS, "eos", "opacity", "snapshot",
        "study.stages.background", "study.stages.baseline", "study.stages.resolution",
    ),
    "stability": ("stability", "study.stages.stability"),
    "regions": (*_DIAGNOSTICS, "snapshot", "stability", "study.stages.regions"),
    "calibration": (*_DIAGNOSTICS, "snapshot", "stability", "study.stages.calibration"),
    # of the solvers only what a local box calls: a new prescription scores the boxes that are there
    "box": (
        "solvers.characteristics", "solvers.crossings", "solvers.fourier", "solvers.local",
        "solvers.seeds", "solvers.spectral", "solvers.trajectory", "stability",
    ),
    "reference": (
        *_DIAGNOSTICS, "eos", "opacity", "snapshot",
        "study.stages.background", "study.stages.reference", "study.stages.summary",
    ),
    "solve": (*_DIAGNOSTICS, "stability", "study.stages.solve", "study.stages.summary"),
    "compare": (*_DIAGNOSTICS, "study.stages.compare"),
    "report": (*_DIAGNOSTICS, "report", "stability"),
}  # fmt: skip

_STUDY_GRID = (
    "grid.n_mu", "grid.mu_power", "grid.energy_groups", "grid.n_energy", "grid.energy_first_MeV",
    "grid.energy_last_MeV",
)  # fmt: skip
_EXTENT = ("grid.r_in_km", "grid.r_out_km", "grid.n_r")
_STEADY = ("solve.tolerance",)
#: Energy groups of a snapshot for estimates made before it is read: as many as a grid may have.
_SNAPSHOT_GROUPS = 100
_RUN = ("solve.crossings", "solve.average_from", "solve.cfl", "solve.samples")
_SETTLED = ("solve.steady_tolerance", "solve.steady_crossings")

#: Keys of the configuration that a stage can see. A stage gets nothing else, so that a
#: change reruns exactly the stages that use it.
SETTINGS: dict[str, tuple[str, ...]] = {
    "ingest": (),
    "background": (*_EXTENT, *_STUDY_GRID, "background"),
    "baseline": ("field", "background.fluid", *_STEADY),
    "resolution": (
        *_EXTENT, *_STUDY_GRID, "grid.refinement", "background", *_STEADY,
        "report.profile_radii_km",
    ),
    "stability": ("stability",),
    "calibration": ("calibration",),
    "reference": (
        *_STUDY_GRID, "grid.resolve_xi", "grid.cells_per_length", "grid.max_cells",
        "background", *_STEADY, *_RUN, "solve.r_in_km", "report.profile_radii_km",
    ),
    "solve": (*_RUN, *_SETTLED, "solve.seed", "solve.record", "report.profile_radii_km"),
    "compare": (),
}  # fmt: skip

#: Local boxes of a cell: random seeds of :mod:`qkepipe.study.stages.calibration`.
BOXES_PER_CELL = 2
#: Dispersion relations that are solved together and kept: some seconds of work.
MODE_BATCH = 64


@dataclass(frozen=True)
class Batch:
    """Cases that share a job; ``rule`` is the name of their rule."""

    rule: str
    cases: tuple[Case, ...]

    @property
    def names(self) -> list[str]:
        """Case names, in order."""
        return [case.name for case in self.cases]

    @property
    def resolutions(self) -> list[float]:
        """Resolutions of the cases, without repetition, in order."""
        return list(dict.fromkeys(case.resolution for case in self.cases))


@dataclass(frozen=True)
class Plan:
    """Jobs of a configuration."""

    config: Config

    @cached_property
    def resolved(self) -> dict[str, Any]:
        """Configuration with all defaults, as plain data."""
        return self.config.model_dump(mode="json")

    @cached_property
    def snapshots(self) -> list[str]:
        """Names of the snapshots."""
        return [entry.name for entry in self.config.snapshots]

    @cached_property
    def on_grid(self) -> bool:
        """Whether there is a field on the grid, or only moments on the zones of snapshots."""
        return self.config.field != "moments"

    @cached_property
    def solves(self) -> bool:
        """Whether cases run: from a steady state of transport, not from a snapshot's field."""
        return self.config.field == "transport"

    @cached_property
    def refines(self) -> bool:
        """Whether the classical field is solved on other grids for its error."""
        return self.solves and self.config.grid.refinement > 1

    @cached_property
    def cases(self) -> list[Case]:
        """All cases of a snapshot."""
        return expand_cases(self.config) if self.solves else []

    @cached_property
    def references(self) -> dict[float, Case]:
        """Classical case by resolution."""
        return {case.resolution: case for case in self.cases if case.kind == "classical"}

    @cached_property
    def batches(self) -> list[Batch]:
        """Cases with conversion, in the groups that share a job."""
        cases = [case for case in self.cases if case.kind != "classical"]
        size = self.config.run.cases_per_job or max(1, len(cases))
        groups = [tuple(cases[i : i + size]) for i in range(0, len(cases), size)]
        if len(groups) == 1:
            return [Batch("solve", groups[0])]
        return [
            Batch(f"solve_{group[0].name if size == 1 else i}", group)
            for i, group in enumerate(groups, start=1)
        ]

    @property
    def calibrates(self) -> bool:
        """Whether prescriptions are scored against local boxes."""
        return self.config.calibration.cells != 0

    @property
    def boxes(self) -> int:
        """Most local boxes of a snapshot; of all cells as many as the grid of the study has."""
        cells = self.config.calibration.cells
        return BOXES_PER_CELL * (self.config.grid.n_r if cells == "all" else cells)

    @property
    def mode_batches(self) -> int:
        """Batches of dispersion relations that a stability map can keep workers busy with."""
        return max(1, -(-self.config.stability.lsa_cells // MODE_BATCH))

    @cached_property
    def jobs(self) -> list[str]:
        """Jobs that compute, as their logs and benchmarks are named."""
        stages = ["ingest", "stability", "regions", *["calibration"] * self.calibrates]
        if self.on_grid:
            stages[1:1] = ["background", "baseline", *["resolution"] * self.refines]
        if self.solves:
            stages += [case.name for case in self.references.values()]
            stages += [batch.rule for batch in self.batches]
        return [*(f"{s}/{stage}" for s in self.snapshots for stage in stages), "compare"]

    def case(self, name: str) -> Case:
        """Case of a name."""
        return next(case for case in self.cases if case.name == name)

    def settings(self, stage: str) -> dict[str, Any]:
        """Part of the configuration that a stage can see, as plain nested data."""
        out: dict[str, Any] = {}
        for key in SETTINGS[stage]:
            block, _, name = key.partition(".")
            value = self.resolved[block]
            if name:
                out.setdefault(block, {})[name] = value[name]
            else:
                out[block] = value
        return out

    def code(self, stage: str) -> str:
        """Hash of the source that decides the result of a stage.

        Of :mod:`qkepipe.registered`, which all rooms read, only the lines of the rooms of the
        stage are part of it: a new figure reruns the report and no solve.
        """
        rooms = ROOMS[stage]
        return content_hash([code_hash(*BASE, *rooms), registered.lines(rooms)])

    @cached_property
    def figures(self) -> list[tuple[str, str]]:
        """Figure and snapshot of every figure that the study has the data for."""
        attenuations = {case.xi for case in self.cases if case.kind == "qke"}
        has = {
            "always": True,
            "transport": self.solves,
            "boxes": self.calibrates,
            "qke": bool(attenuations),
            "several xi": len(attenuations) > 1,
        }
        wanted = [f for f in self.config.report.figures if has[registered.FIGURES[f][1]]]
        return [(figure, snapshot) for snapshot in self.snapshots for figure in wanted]

    # --- resources -----------------------------------------------------------------------

    @property
    def _groups(self) -> int:
        """Energy groups for estimates."""
        grid = self.config.grid
        return grid.n_energy if grid.energy_groups == "geometric" else _SNAPSHOT_GROUPS

    @property
    def _components(self) -> int:
        """Numbers per energy, direction and cell of the largest state, both sectors."""
        three = any(case.options.get("flavors") == 3 for case in self.cases)
        return 18 if three else 8

    def memory_mb(self, resolution: float, attempt: int, workers: int = 1) -> int:
        """Memory of a job that evolves a state in each of its workers.

        A process with its libraries and the compiler takes about 300 MB, and beside the
        script a Slurm job holds two processes of Snakemake, 200 MB together; 700 MB leaves
        room. A run holds the state, its time average, the rates and copies of them, about
        12 arrays of the size of the state.
        """
        grid, solve = self.config.grid, self.config.solve
        cells = grid.max_cells * resolution
        state = 8.0 * self._components * self._groups * grid.n_mu * resolution * cells
        series = 8.0 * 8 * solve.samples * cells
        one = 700.0 + (12.0 * state + 2.0 * series) / 1e6
        return int(workers * one * 2 ** (attempt - 1))

    def stability_memory_mb(self, attempt: int, threads: int) -> int:
        """Memory of a stability map, whose dispersion relations may have workers."""
        workers = min(self.mode_batches, threads)
        return self.memory_mb(1.0, attempt) + 400 * (workers - 1) * 2 ** (attempt - 1)

    def calibration_memory_mb(self, attempt: int, threads: int) -> int:
        """Memory of local boxes: each worker holds one of at most some thousand cells."""
        workers = min(self.boxes, threads)
        return self.memory_mb(1.0, attempt) + 500 * (workers - 1) * 2 ** (attempt - 1)

    def calibration_minutes(self, attempt: int, threads: int) -> int:
        """Time limit of local boxes; finished ones are kept, so that an attempt goes on."""
        # boxes of 16 to 32 directions took 1 to 14 s
        minutes = 2.0 * self.boxes / min(self.boxes, threads)
        return int((30.0 + minutes) * 2 ** (attempt - 1))

    def resolution_memory_mb(self, attempt: int, threads: int) -> int:
        """Memory of the resolution study.

        The largest grid has the square of the factor more cells or groups; a solve in each
        thread holds two triangles of 2 n_mu numbers for each cell and direction.
        """
        grid = self.config.grid
        directions = 8.0 * grid.n_mu * grid.n_r * grid.refinement**2
        field = 4 * self._groups * directions
        triangles = threads * 4 * grid.n_mu * directions
        return int((700.0 + (12.0 * field + triangles) / 1e6) * 2 ** (attempt - 1))

    def runtime_minutes(self, resolution: float, attempt: int, rounds: int = 1) -> int:
        """Time limit of a job on a cluster: a generous estimate, doubled at each attempt."""
        grid, solve = self.config.grid, self.config.solve
        cells = grid.max_cells * resolution
        crossings = max(solve.crossings, solve.steady_crossings)
        steps = (crossings + 1.0) * cells / solve.cfl
        # 20 ns per component, angle, energy and cell: slower than any machine we measured
        seconds = 20e-9 * self._components * self._groups * grid.n_mu * resolution * cells * steps
        return int((30.0 + rounds * seconds / 60.0) * 2 ** (attempt - 1))


def gallery_code() -> str:
    """Hash of the source that decides what the gallery shows."""
    return code_hash(*BASE, *_DIAGNOSTICS, "gallery", "report", "stability")


def settings_view(settings: Mapping[str, Any], **more: Mapping[str, Any]) -> SimpleNamespace:
    """Settings of a stage as attributes: ``view.solve.seed.kind``.

    Access to anything that the stage did not declare in :data:`SETTINGS` is an
    AttributeError.
    """
    return SimpleNamespace(
        **{
            name: settings_view(value) if isinstance(value, Mapping) else value
            for name, value in {**settings, **more}.items()
        }
    )
