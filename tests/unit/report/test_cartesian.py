"""Maps over (z, y, x) as profiles against radius and in words."""

import numpy as np
import xarray as xr

from qkepipe.report.instability import describe
from qkepipe.report.labels import envelope, radius

KM = 1e5
X = np.linspace(-95.0, 95.0, 20) * KM


def ball():
    """Fast-unstable within 60 km of the centre; the rate falls with the radius."""
    z, y, x = np.meshgrid(X, X, X, indexing="ij")
    r = np.sqrt(x**2 + y**2 + z**2)
    dims = ("z", "y", "x")
    inside = r < 60.0 * KM
    return xr.Dataset(
        {
            "distance": (dims, r / KM),
            "ffi_crossing": (dims, inside.astype("int8")),
            "ffi_growth_estimate": (dims, np.where(inside, 1e9 * KM / r, 0.0)),
        },
        coords=dict.fromkeys(dims, X),
    )


def test_the_envelope_of_the_radius_is_its_shell():
    data = ball()
    km, label = radius(data)
    high, low = envelope(data["distance"])
    half = 0.5 * np.diff(km)[0]
    assert label == "radius [km]"
    assert np.all(low >= km - half - 1e-9) and np.all(high <= km + half + 1e-9)


def test_the_words_of_a_cartesian_map():
    data = ball()
    found = describe(data)
    nearest = float(data["distance"].min())
    assert found.cells == X.size**3
    assert found.directions == 1
    assert found.estimate.radius_km == nearest
    ((low, high),) = found.shells
    width = np.diff(radius(data)[0])[0]
    assert low == nearest and 60.0 <= high <= 60.0 + width
