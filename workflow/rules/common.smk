# Paths, wildcard constraints and resources; what is decided here is decided for all rules.
import sys
from pathlib import Path

from qkepipe.errors import EXIT_USER_ERROR, QkepipeError
from qkepipe.folder import claim
from qkepipe.runtime import code_hash
from qkepipe.study.load import config_warnings, eos_files, load_config, snapshot_files
from qkepipe.study.plan import Plan

# a mistake in the configuration ends here: one line each, no job, nothing written
try:
    PLAN = Plan(load_config(config, workflow.configfiles))
    SNAPSHOT_FILES = {e.name: snapshot_files(e) for e in PLAN.config.snapshots}
    EOS_FILES = eos_files(PLAN.config.background.eos)
except QkepipeError as error:
    print(error, file=sys.stderr)
    sys.exit(EXIT_USER_ERROR)

# what the study is made from; names of snapshots have no blanks
INPUT_FILES = SNAPSHOT_FILES | ({"equation of state": EOS_FILES} if EOS_FILES else {})

WARNINGS = [str(defect) for defect in config_warnings(PLAN.config)]
if workflow.is_main_process:
    claim()
    for line in WARNINGS:
        print("warning:", line, file=sys.stderr)

# scripts read the run block from here: it changes no number and triggers no rerun
config.update(PLAN.resolved)

ENTRIES = {entry["name"]: entry for entry in PLAN.resolved["snapshots"]}


wildcard_constraints:
    snapshot="|".join(PLAN.snapshots),
    reference=r"classical(_res[0-9p]+)?",


# --- paths ---------------------------------------------------------------------------------


def result(path):
    return f"results/{PLAN.config.study}/{path}"


def log_file(path):
    return f"logs/{PLAN.config.study}/{path}.log"


def benchmark_file(path):
    return f"benchmarks/{PLAN.config.study}/{path}.tsv"


RESOLVED_CONFIG = result("config.resolved.yaml")
RECORDS = [RESOLVED_CONFIG, result("provenance.json")]
COMPARISON = [result(f) for f in ("comparison.nc", "comparison.csv", "scores.csv")]
REPORT = result("report.html")


def stability_maps():
    return [result(f"{snapshot}/stability.nc") for snapshot in PLAN.snapshots]


def region_tables():
    return [result(f"{snapshot}/stability_regions.nc") for snapshot in PLAN.snapshots]


def mode_files():
    return [result(f"{snapshot}/stability_modes.nc") for snapshot in PLAN.snapshots]


def calibrations():
    if not PLAN.calibrates:
        return []
    return [result(f"{snapshot}/calibration.nc") for snapshot in PLAN.snapshots]


def resolution_tables():
    if not PLAN.refines:
        return []
    return [result(f"{snapshot}/resolution.nc") for snapshot in PLAN.snapshots]


def snapshot_cases():
    return [(snapshot, case.name) for snapshot in PLAN.snapshots for case in PLAN.cases]


def solutions():
    return [
        result(f"{snapshot}/solve/{case}.nc") for snapshot, case in snapshot_cases()
    ]


def summaries():
    return [
        result(f"{snapshot}/solve/{case}.summary.nc")
        for snapshot, case in snapshot_cases()
    ]


def reference_backgrounds(batch):
    names = [PLAN.references[resolution].name for resolution in batch.resolutions]
    return [result(f"{{snapshot}}/solve/{name}.background.nc") for name in names]


def figure_files(ending):
    return [
        result(f"figures/{figure}_{snapshot}.{ending}")
        for figure, snapshot in PLAN.figures
    ]


# text of a figure in `snakemake --report`; a figure without its own gets the general one
def caption(figure):
    folder = workflow.current_basedir.join("../report").get_path_or_uri(False)
    has_own = Path(folder, f"{figure}.rst").is_file()
    return f"../report/{figure if has_own else 'figure'}.rst"


# inputs of a stage that only a study with a field on its grid has
def if_on_grid(path):
    return result(path) if PLAN.on_grid else []


# --- parameters ----------------------------------------------------------------------------


def entry_of(wildcards):
    return ENTRIES[wildcards.snapshot]


def files_of(wildcards):
    return SNAPSHOT_FILES[wildcards.snapshot]


def reference_of(wildcards):
    return PLAN.case(wildcards.reference).as_dict()


# --- resources -----------------------------------------------------------------------------


def small_memory(wildcards, attempt):
    return 1000 * 2 ** (attempt - 1)


def small_runtime(wildcards, attempt):
    return 30 * 2 ** (attempt - 1)


def field_memory(wildcards, attempt):
    return PLAN.memory_mb(1.0, attempt)


def stability_memory(wildcards, attempt, threads):
    return PLAN.stability_memory_mb(attempt, threads)


def calibration_memory(wildcards, attempt, threads):
    return PLAN.calibration_memory_mb(attempt, threads)


def calibration_runtime(wildcards, attempt, threads):
    return PLAN.calibration_minutes(attempt, threads)


def field_runtime(wildcards, attempt):
    return PLAN.runtime_minutes(1.0, attempt)


def resolution_memory(wildcards, attempt, threads):
    return PLAN.resolution_memory_mb(attempt, threads)


def reference_memory(wildcards, attempt):
    return PLAN.memory_mb(PLAN.case(wildcards.reference).resolution, attempt)


def reference_runtime(wildcards, attempt):
    return PLAN.runtime_minutes(PLAN.case(wildcards.reference).resolution, attempt)


# memory and time limit of a batch; rules of batches are made in a loop, so each gets its own
def batch_memory(batch):
    def memory(wildcards, attempt, threads):
        workers = min(len(batch.cases), threads)
        return PLAN.memory_mb(max(batch.resolutions), attempt, workers)

    return memory


def batch_runtime(batch):
    def runtime(wildcards, attempt, threads):
        rounds = -(-len(batch.cases) // threads)
        return PLAN.runtime_minutes(max(batch.resolutions), attempt, rounds)

    return runtime
