"""Standard problems of quantum kinetics, each with what it should give: a page of evidence.

One problem is one file with an :class:`~qkepipe.gallery.item.Item` and one line in
:data:`qkepipe.registered.GALLERY`. A job computes a problem and draws its figure, another one
collects the page (:mod:`qkepipe.gallery.page`).
"""

from qkepipe import registered

__all__ = ["get_item"]


def get_item(name: str):
    """Problem of a name."""
    return registered.load(registered.GALLERY[name])
