"""Report of a study: figures with their numbers, and one self-contained HTML page.

Reads the datasets of the stages and the comparison table; computes no physics beyond what
it takes to say what they mean. A new figure is one file in ``figures/`` and one line in
its registry.
"""

from qkepipe.report.data import SnapshotData, StudyData, load_study
from qkepipe.report.figure import Figure
from qkepipe.report.figures import FIGURES
from qkepipe.report.write import write_report

__all__ = ["FIGURES", "Figure", "SnapshotData", "StudyData", "load_study", "write_report"]
