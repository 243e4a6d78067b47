"""The complementary error function, which NumPy does not have."""

import numpy as np

from gatedcore.arrays import Array

# Rational approximations of Cephes (Moshier 1989), highest power first: of erf(x) / x in x**2 up to
# 1, of exp(x**2) erfc(x) in x up to 8, and beyond. Largest relative error 4e-16 times x**2, which
# the tests hold against the C library's.
_NEAR = (
    (9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3,
     7.00332514112805075473e3, 5.55923013010394962768e4),
    (1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
     2.26290000613890934246e4, 4.92673942608635921086e4),
)  # fmt: skip
_MIDDLE = (
    (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0,
     4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2,
     9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2),
    (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
     9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3,
     1.65666309194161350182e3, 5.57535340817727675546e2),
)  # fmt: skip
_FAR = (
    (5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0,
     6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0),
    (1.0, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1,
     1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0),
)  # fmt: skip
_VANISHES = 27.3  # erfc(27.3) is below the smallest number, and exp(-x**2) too


def erfc(x: Array) -> Array:
    """Return 1 - erf(x) in float64, with a small relative error where it is tiny too."""
    wide = np.asarray(x, np.float64)
    size = np.minimum(np.abs(wide), _VANISHES)
    square = size * size
    near = wide * _ratio(_NEAR, np.minimum(square, 1.0))
    tail = np.exp(-square) * np.where(
        size < 8.0, _ratio(_MIDDLE, np.minimum(size, 8.0)), _ratio(_FAR, size)
    )
    y: Array = np.where(size <= 1.0, 1.0 - near, np.where(wide > 0.0, tail, 2.0 - tail))
    return y


def _ratio(polynomials: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    above, below = polynomials
    y: Array = np.polyval(above, x) / np.polyval(below, x)
    return y
