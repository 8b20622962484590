"""Box prescription: equipartition in the shallow lobe, the deep lobe pays the difference.

With r = G_s/G_d (absolute integrals of G over the shallow and deep lobe),

    shallow lobe  eta = 1/nf                    k = 0
    deep lobe     eta = 1 - (1 - 1/nf) r        k = 1 - r ,

which takes the shallow lobe to zero and the deep one to G_d - G_s: the crossing is gone
and the net ELN - XLN is unchanged. Three flavours: eta = 1/3 and 1 - 2r/3, Nagakura,
Johns & Zaizen (2023, arXiv:2312.16285), eqs 29-30, after Zaizen & Nagakura (2022,
arXiv:2211.09343).
"""

from qkepipe.jit import jit
from qkepipe.mixing.kernels import is_stable
from qkepipe.mixing.prescription import LAWS, Prescription

__all__ = ["PRESCRIPTION"]


@jit
def factors(g, mweights, mu, negative, positive, rtol, flavors, k):
    """k = 0 in the shallow lobe, 1 - r in the deep one; nodes with G = 0 are deep."""
    for j in range(k.shape[0]):
        row = k[j]
        grow = g[j]
        for i in range(row.size):
            a = negative[i]
            b = positive[i]
            if is_stable(a, b, rtol):
                row[i] = 1.0
            else:
                deep_sign = 1.0 if b >= a else -1.0
                row[i] = 0.0 if deep_sign * grow[i] < 0.0 else 1.0 - min(a, b) / max(a, b)


PRESCRIPTION = Prescription(
    name="box",
    kernel=factors,
    doc="equipartition in the shallow lobe of ELN-XLN, deep lobe by lepton-number conservation",
    source="Nagakura, Johns & Zaizen (2023, arXiv:2312.16285), eqs 29-30",
    needs=(),
    conserves=tuple(LAWS),
    valid="local, quasi-homogeneous, collisionless on the scale of conversion, fast modes "
    "dominate, no strong driving, closed or periodic boundaries",
    modes=("exact", "exponential", "backward_euler", "map"),
)
