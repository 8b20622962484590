"""Split of the spectrum at the energy where a one-sided conversion keeps lepton number.

One factor k_g per energy group, the same for neutrinos, antineutrinos and all directions,
changes the net ELN - XLN of a cell by -sum_g (1 - k_g) G_g, with G_g the angle-integrated
ELN - XLN of group g. If all that is converted lies on one side of an energy E_c, with one k,
lepton number is kept if and only if

    sum_{g on that side of E_c} G_g = 0 ,

so E_c is a root of this cumulative sum. It lies in a group, of which the fraction

    phi = -(sum over the groups passed before)/G_g

is converted: k_g = 1 - (1 - k) phi, the mean over the group if f is constant in it. With
several roots the farthest is taken: as much is converted as lepton number allows. Without
one, nothing is.

This definition of E_c is of this project, not from a paper.
"""

from qkepipe.jit import jit

__all__ = ["split_factors"]

#: Sums below this fraction of the number density that they run over are round-off.
NOISE = 2e-15


@jit
def _converted_part(difference, number, from_top, rtol, i):
    """Groups that are converted whole, counted from the start, and the fraction of the next."""
    n = difference.shape[1]
    net = 0.0
    density = 0.0
    size = 0.0
    total = 0.0
    for e in range(n):
        total += number[0, e, i] + number[1, e, i]
    whole = 0
    part = 0.0
    for m in range(n):
        e = n - 1 - m if from_top else m
        before = net
        group = difference[0, e, i] - difference[1, e, i]
        net += group
        density += number[0, e, i] + number[1, e, i]
        amount = abs(difference[0, e, i]) + abs(difference[1, e, i])
        if abs(net) <= NOISE * density:
            found, fraction = m + 1, 0.0
            moved = size + amount
        elif (before < 0.0 < net) or (net < 0.0 < before):
            found, fraction = m, min(1.0, -before / group)
            moved = size + fraction * amount
        else:
            found, fraction, moved = 0, 0.0, 0.0
        if moved > rtol * total:
            whole, part = found, fraction
        size += amount
    return whole, part


@jit
def split_factors(difference, number, from_top, rtol, value, k):
    """Write k = ``value`` on one side of the split energy and 1 on the other.

    Parameters
    ----------
    difference, number : ndarray (2, n_energy, n_r)
        Angle-integrated n_e - n_x and n_e + n_x per sector and group, in ascending energy.
    from_top : bool
        Whether the converted side is that of high energies.
    rtol : float
        A conversion of fewer than this share of all particles counts as none.
    value : float
        Factor on the converted side.
    k : ndarray (2, n_energy, n_r)
        Written.
    """
    n = k.shape[1]
    k[:] = 1.0
    for i in range(k.shape[2]):
        whole, part = _converted_part(difference, number, from_top, rtol, i)
        for m in range(whole + 1 if part > 0.0 else whole):
            e = n - 1 - m if from_top else m
            factor = value if m < whole else 1.0 - (1.0 - value) * part
            k[0, e, i] = factor
            k[1, e, i] = factor
