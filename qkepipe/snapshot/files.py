"""Bytes of snapshot files: can they be read, what do they look like, their checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

from qkepipe.errors import Defect, QkepipeError

__all__ = ["HDF5", "NETCDF3", "decode", "head", "is_text", "read_text", "require_file", "sha256"]

#: First bytes of HDF5 (and netCDF-4) and of classic netCDF files.
HDF5, NETCDF3 = b"\x89HDF\r\n\x1a\n", b"CDF"

#: Control characters that no text file has.
_BINARY = bytes(set(range(32)) - set(b"\t\n\r\f\v"))


def require_file(path: Path) -> None:
    """Refuse a path that is missing, not a file, empty or not readable."""
    try:
        if not path.exists():
            raise QkepipeError(Defect(str(path), "", "no such file", hint="another path"))
        if not path.is_file():
            raise QkepipeError(Defect(str(path), "", "not a file", "a file"))
        with path.open("rb") as stream:
            if not stream.read(1):
                raise QkepipeError(Defect(str(path), "", "empty file (truncated?)", "data"))
    except OSError as error:
        raise QkepipeError(
            Defect(str(path), "", f"cannot be read: {error.strerror or error}")
        ) from error


def head(path: Path, size: int = 65536) -> bytes:
    """First bytes of a file; none where it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(size)
    except OSError:
        return b""


def is_text(data: bytes) -> bool:
    """Whether bytes look like text."""
    return bool(data) and len(data.translate(None, _BINARY)) == len(data)


def read_text(path: Path) -> str:
    """Text of a file.

    Raises
    ------
    QkepipeError
        For a file that is missing, unreadable, empty or binary.
    """
    require_file(path)
    data = path.read_bytes()
    if not is_text(data):
        raise QkepipeError(
            Defect(str(path), "", "binary data in a file that should be text", "a text file",
                   "another format")
        )  # fmt: skip
    return decode(data)


def decode(data: bytes) -> str:
    """Text of bytes; comments may be in some national encoding, numbers are ASCII."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
