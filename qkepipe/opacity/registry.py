"""The registered weak processes, from the lines of :mod:`qkepipe.registered`."""

from __future__ import annotations

from qkepipe import registered
from qkepipe.opacity.process import Process

__all__ = ["PROCESSES"]

#: Every weak process, by the name used in the configuration.
PROCESSES: dict[str, Process] = {
    name: registered.load(entry) for name, entry in registered.PROCESSES.items()
}
