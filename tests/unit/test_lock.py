"""The lock file: hashes for every package, no address of any registry."""

import re
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"


def test_the_lock_names_no_address():
    text = LOCK.read_text()
    assert [
        word for word in ("://", "--index", "--find-links", "--extra-index") if word in text
    ] == []


def test_every_package_is_pinned_with_hashes():
    blocks = re.split(r"\n(?=[A-Za-z])", LOCK.read_text())
    packages = [block for block in blocks if re.match(r"[A-Za-z]", block)]
    assert len(packages) > 50
    for block in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]*\])?==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
