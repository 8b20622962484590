"""Files of tabulated equations of state."""

from qkepipe.eos.opening import READERS, read_eos

__all__ = ["READERS", "read_eos"]
