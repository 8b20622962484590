"""Files of a problem, and the page that collects all of them."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from qkepipe import __version__
from qkepipe.gallery import get_item
from qkepipe.gallery.item import Check
from qkepipe.report.plotted import write_csv
from qkepipe.report.style import RC, save
from qkepipe.runtime import write_dataset, write_text

__all__ = ["write_item", "write_page"]


def write_item(name: str, folder: Path, code: str) -> list[Path]:
    """Compute a problem and write ``<name>.nc``, ``.json``, ``.pdf``, ``.png`` and ``.csv``.

    Parameters
    ----------
    name : str
        Key of :data:`qkepipe.registered.GALLERY`.
    folder : Path
    code : str
        Hash of the source, kept in the dataset.

    Returns
    -------
    list of Path
    """
    import matplotlib as mpl

    item = get_item(name)
    start = time.perf_counter()
    data, checks = item.compute()
    seconds = time.perf_counter() - start
    with mpl.rc_context(RC):
        figure, table = item.draw(data)
    stem = Path(folder) / name
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [*save(figure, stem), write_csv(table, stem.with_name(f"{name}.csv"))]
    write_dataset(data, stem.with_name(f"{name}.nc"), code=code)
    record = {"seconds": round(seconds, 2), "checks": [asdict(check) for check in checks]}
    write_text(stem.with_name(f"{name}.json"), json.dumps(record, indent=1))
    return [*files, *(stem.with_name(f"{name}.{end}") for end in ("nc", "json"))]


def write_page(names: list[str], folder: Path, output: Path) -> None:
    """Collect problems that were computed on one page that needs no other file."""
    environment = Environment(
        loader=PackageLoader("qkepipe.gallery", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    parts = [_part(name, Path(folder)) for name in names]
    text = environment.get_template("gallery.html.j2").render(
        parts=parts,
        version=__version__,
        failed=[(p["item"].title, c) for p in parts for c in p["checks"] if not c.passed],
    )
    write_text(Path(output), text)


def _part(name: str, folder: Path) -> dict:
    record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    png = base64.b64encode((folder / f"{name}.png").read_bytes()).decode()
    return {
        "name": name,
        "item": get_item(name),
        "checks": [Check(**check) for check in record["checks"]],
        "seconds": record["seconds"],
        "picture": Markup("data:image/png;base64,") + png,
    }
