"""Command line: check a snapshot, screen it, start a study, list what is registered.

Numerical libraries are imported inside the commands, after the threads are set, so that
``qkepipe --help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import sys
import time
from pathlib import Path

from qkepipe import __version__, registered
from qkepipe.errors import EXIT_USER_ERROR, Defect, QkepipeError

__all__ = ["build_parser", "main"]

#: Exit code after Ctrl-C, as shells have it.
_INTERRUPTED = 130
#: Reader of the built-in model, which needs no file.
_ANALYTIC = "analytic"
#: Snapshots of more cells are screened block by block.
_STREAM_CELLS = 200_000

_MAIN = """\
examples:
  qkepipe check profile.nc                     is this snapshot usable? what is in it?
  qkepipe screen profile.nc -o map.nc          where is it unstable, and how fast?
  qkepipe init my-study                        a folder with a configuration to edit
  qkepipe list readers                         the formats that can be read

A study (transport, quantum kinetics, comparison, report) runs with Snakemake from the
folder that `qkepipe init` makes.
"""
_CHECK = """\
examples:
  qkepipe check snapshot.nc
  qkepipe check profile.txt --format delimited --option map=columns.yaml
  qkepipe check --format analytic --option shock_radius_km=180

The summary goes to standard output. Exit code 0: usable, warnings and notes may follow.
Exit code 2: one line per defect on standard error, each with the file, the variable and
zone, the value, what was expected and what to try. `qkepipe list readers` names the formats.
"""
_SCREEN = """\
examples:
  qkepipe screen snapshot.nc -o map.nc
  qkepipe screen profile.txt --format delimited --option map=columns.yaml -o map.nc --force

The map (netCDF) holds for each cell the crossing of the lepton number, growth estimates of
the fast, collisional and slow instability [s-1] and the resonances; `ncdump -h map.nc`
lists them. The `--modes` cells of largest estimate get the full dispersion relation (lsa_*);
more than 64 are solved by as many processes as there are cores, in batches that are kept beside
the map until it is finished, so that a run that was stopped goes on. The snapshot must have
number densities and fluxes of the neutrinos; for matter alone, a study computes the field first
(`qkepipe init`). Snapshots of more than 200000 cells are never loaded as a whole: blocks of them
are screened by a process on each core (or NUMBA_NUM_THREADS) and written as they are ready, in
single precision; cells with unusable values are marked unknown there.
"""
_INIT = """\
example:
  qkepipe init my-study
  cd my-study

Writes a configuration to edit, the entry of the workflow and a README that says how to run
it. The folder must be new or empty.
"""
_LIST = """\
examples:
  qkepipe list readers          formats of `--format`
  qkepipe list eos              formats of equation-of-state tables
  qkepipe list rates            weak processes of the configuration's `processes`
  qkepipe list prescriptions    asymptotic states of flavour mixing
  qkepipe list thresholds       rules of equilibration below a density
  qkepipe list instabilities    what the stability map is made of
  qkepipe list figures          figures of a report
"""


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="qkepipe",
        description="Neutrino flavour conversion in snapshots of supernovae and mergers.",
        epilog=_MAIN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qkepipe {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    check = _command(commands, "check", _check, "is a snapshot usable, and what is in it", _CHECK)
    _snapshot_arguments(check)

    screen = _command(
        commands, "screen", _screen, "map of the flavour instabilities of a snapshot", _SCREEN
    )
    _snapshot_arguments(screen)
    screen.add_argument(
        "-o", "--output", metavar="MAP.nc", type=Path, required=True, help="netCDF file to write"
    )
    screen.add_argument("--force", action="store_true", help="replace an existing map")
    screen.add_argument(
        "--modes", metavar="N", type=_whole, default=8,
        help="cells with a full dispersion relation (default: %(default)s)",
    )  # fmt: skip

    init = _command(commands, "init", _init, "start a study in a new folder", _INIT)
    init.add_argument("folder", metavar="DIR", type=Path, help="folder to make")

    listing = _command(commands, "list", _list, "what is registered", _LIST)
    listing.add_argument("registry", choices=sorted(_REGISTRIES))
    return parser


def _command(commands, name: str, function, text: str, epilog: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=function)
    return parser


def _snapshot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help=f"snapshot (none for --format {_ANALYTIC})"
    )
    parser.add_argument(
        "--format",
        default="auto",
        metavar="F",
        help="reader (default: the one that recognises the file)",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        type=_option,
        metavar="KEY=VALUE",
        help="option of the reader; repeat for several; lists and objects as JSON",
    )


def _option(text: str) -> tuple[str, object]:
    """Split ``key=value``; the value is JSON where it can be, else text."""
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _whole(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, not {text!r}")
    return int(text)


def _inspect(arguments):
    """Read and inspect the snapshot of the command line."""
    from qkepipe.snapshot.inspect import inspect

    if arguments.file is None and arguments.format == "auto":
        raise QkepipeError(
            Defect("qkepipe", "FILE", "no snapshot given", "a file", f"--format {_ANALYTIC}")
        )
    return inspect(arguments.file, format=arguments.format, **dict(arguments.option))


def _print_defects(defects) -> None:
    for defect in defects:
        mark = "" if defect.severity == "error" else f"{defect.severity}: "
        print(f"{mark}{defect}", file=sys.stderr)


def _check(arguments) -> int:
    report = _inspect(arguments)
    if not report.errors:
        print("\n".join(report.lines), flush=True)
    _print_defects(report.defects)
    return EXIT_USER_ERROR if report.errors else 0


def _screen(arguments) -> int:
    from qkepipe import runtime

    if "numba" not in sys.modules:
        runtime.limit_threads(_threads())
        runtime.isolate_kernel_cache()
    output = arguments.output
    if output.exists() and not arguments.force:
        raise QkepipeError(Defect(str(output), "", "exists already", "a new file", "--force"))
    if output.parent != Path() and not output.parent.is_dir():
        raise QkepipeError(
            Defect(str(output), "", "its folder does not exist", "an existing folder")
        )
    if arguments.file is not None or arguments.format != "auto":
        from qkepipe.snapshot.opening import lazy_cells

        options = dict(arguments.option)
        if lazy_cells(arguments.file, arguments.format, **options) > _STREAM_CELLS:
            return _stream(arguments)
    report = _inspect(arguments)
    _print_defects(report.defects)
    if report.errors:
        return EXIT_USER_ERROR
    from qkepipe.snapshot.inspect import has_neutrinos

    if not has_neutrinos(report.dataset):
        raise QkepipeError(_no_neutrinos(arguments))
    from qkepipe.snapshot.checks import clip_noise
    from qkepipe.stability import screen
    from qkepipe.stability.summary import MapSummary

    snapshot = clip_noise(report.dataset)
    with _mode_solver(arguments) as solver:
        found = screen(snapshot, snapshot, lsa_cells=arguments.modes, lsa_solver=solver)
        for name in ("source_file", "source_format", "source_sha256", "simulation", "frame"):
            if name in snapshot.attrs:
                found.attrs.setdefault(name, snapshot.attrs[name])
        runtime.write_dataset(found, output, code=runtime.code_hash("stability", "snapshot"))
    summary = MapSummary()
    summary.add(found)
    print("\n".join([*summary.lines(), f"written: {output}"]))
    return 0


def _stream(arguments) -> int:
    """Screen block by block, with a line of progress now and then."""
    from qkepipe.study.stream import stream_map

    with _mode_solver(arguments) as solver:
        summary = stream_map(
            arguments.file, arguments.format, dict(arguments.option), arguments.output,
            workers=_threads(), progress=_ProgressLine(), modes=arguments.modes, solver=solver,
        )  # fmt: skip
    print("\n".join([*summary.lines(), f"written: {arguments.output}"]))
    return 0


@contextlib.contextmanager
def _mode_solver(arguments):
    """How dispersion relations are solved: here, or if they are many in batches that are kept."""
    from qkepipe import runtime
    from qkepipe.stability.modes import solve_gases
    from qkepipe.study.modes import solve_modes
    from qkepipe.study.plan import MODE_BATCH

    if arguments.modes <= MODE_BATCH:
        yield solve_gases
        return
    store = arguments.output.with_name(f".{arguments.output.name}.modes")
    # progress is in the log
    runtime.configure_logging()
    yield functools.partial(
        solve_modes, store=store, code=runtime.code_hash("stability"), log=None, workers=_threads()
    )
    shutil.rmtree(store, ignore_errors=True)


class _ProgressLine:
    """Fraction done and time left, on standard error."""

    def __init__(self, every: float = 5.0):
        self.start = self.last = time.monotonic()
        self.every = every

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if now - self.last >= self.every:
            self.last = now
            left = (now - self.start) * (1.0 - fraction) / fraction
            print(f"screened: {100 * fraction:.0f} %, {left:.0f} s left", file=sys.stderr)


def _no_neutrinos(arguments) -> Defect:
    """Why there is nothing to screen."""
    source = str(arguments.file or arguments.format)
    return Defect(
        source,
        "nu_number_density, nu_number_flux",
        "no neutrino data",
        "number densities and fluxes of the neutrinos",
        "a study, which computes the field of this matter by classical transport and screens it "
        "(qkepipe init DIR)",
    )


def _threads() -> int:
    """Threads of the kernels: ``NUMBA_NUM_THREADS``, else the cores of this process."""
    wanted = os.environ.get("NUMBA_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _init(arguments) -> int:
    from qkepipe.study.init import init_study

    for path in init_study(arguments.folder):
        print(f"written: {path}")
    return 0


#: Words of `qkepipe list`.
_REGISTRIES = {
    "readers": registered.READERS,
    "eos": registered.EOS_READERS,
    "rates": registered.PROCESSES,
    "prescriptions": registered.PRESCRIPTIONS,
    "thresholds": registered.THRESHOLD_RULES,
    "instabilities": registered.INSTABILITIES,
    "figures": {name: entry for name, (entry, _) in registered.FIGURES.items()},
}


def _list(arguments) -> int:
    entries = _REGISTRIES[arguments.registry]
    width = max(map(len, entries), default=0)
    for name in sorted(entries):
        thing = registered.load(entries[name])
        # a figure is described by its caption, which goes on after the first sentence
        text = thing.caption if arguments.registry == "figures" else thing.doc
        print(f"{name.ljust(width)}  {' '.join(text.split()).split('. ')[0]}")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for input that cannot be used (one line per defect on standard
        error), 130 after an interrupt.
    """
    arguments = build_parser().parse_args(argv)
    try:
        return arguments.command(arguments)
    except QkepipeError as error:
        _print_defects(error.defects)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        return _INTERRUPTED
