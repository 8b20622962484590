"""Write the figures and the HTML report of a study."""

from __future__ import annotations

from pathlib import Path

from qkepipe.errors import Defect, QkepipeError, nearest
from qkepipe.report.data import STAGES, StudyData, load_study
from qkepipe.report.figures import FIGURES
from qkepipe.report.html import Picture, render
from qkepipe.report.plotted import write_csv
from qkepipe.report.style import save
from qkepipe.runtime import write_text

__all__ = ["chosen_figures", "write_figures", "write_report"]


def write_report(
    *,
    config: dict,
    files: dict[str, dict],
    comparison: Path | None,
    provenance: dict,
    output: Path,
    figures_dir: Path,
) -> list[Path]:
    """Make the report of a study from the files of its stages.

    Parameters
    ----------
    config : dict
        Resolved configuration; ``report.figures`` chooses the figures (all where absent).
    files : dict
        See :func:`qkepipe.report.data.load_study`.
    comparison : Path or None
        comparison.nc.
    provenance : dict
        Printed as it is.
    output : Path
        The HTML file.
    figures_dir : Path
        Where ``<figure>_<snapshot>.pdf``, ``.png`` and ``.csv`` go.

    Returns
    -------
    list of Path
        All files written, the HTML last.

    Raises
    ------
    QkepipeError
        For an unknown figure, or inputs that do not say what they are.
    """
    names = chosen_figures(config)
    study = load_study(config=config, files=files, comparison=comparison, provenance=provenance)
    output, figures_dir = Path(output), Path(figures_dir)
    pictures = write_figures(study, names, figures_dir)
    inputs = [*_inputs(files), *([Path(comparison)] if comparison is not None else [])]
    text = render(study, pictures, output, inputs)
    write_text(output, text)
    return [*(f for p in pictures for f in p.files), output]


def chosen_figures(config: dict) -> list[str]:
    """Figures that the configuration asks for, in the order of the registry."""
    wanted = (config.get("report") or {}).get("figures")
    if wanted is None:
        return list(FIGURES)
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        raise QkepipeError(
            [
                Defect("configuration", "report.figures", f"unknown figure {name!r}",
                       "registered figures", nearest(name, FIGURES))
                for name in unknown
            ]
        )  # fmt: skip
    return [name for name in FIGURES if name in wanted]


def write_figures(study: StudyData, names: list[str], folder: Path) -> list[Picture]:
    """Draw the figures that this study has the data for, and write them in all formats."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for snapshot in study.snapshots:
        for name in names:
            drawn = FIGURES[name].draw(study, snapshot)
            if drawn is None:
                continue
            figure, table = drawn
            stem = folder / f"{name}_{snapshot}"
            files = [*save(figure, stem), write_csv(table, stem.with_name(stem.name + ".csv"))]
            pictures.append(Picture(name, snapshot, FIGURES[name].caption, files))
    return pictures


def _inputs(files: dict[str, dict]) -> list[Path]:
    found = []
    for given in files.values():
        stages = [given.get(stage) for stage in STAGES]
        found += [Path(p) for p in stages if p is not None]
        found += [Path(p) for p in (given.get("summaries") or {}).values()]
    return found
