import numpy as np
import pytest

from gatedcore.preprocessing.unit_vectors import normalize

X = np.array([[3.0, 4.0], [0.0, 0.0], [-5.0, 12.0]])


def test_lengths() -> None:
    np.testing.assert_allclose(normalize(X), [[0.6, 0.8], [0, 0], [-5 / 13, 12 / 13]], rtol=1e-15)
    np.testing.assert_allclose(normalize(X, order=1)[0], [3 / 7, 4 / 7], rtol=1e-15)
    columns = normalize(X, axis=0)
    np.testing.assert_allclose(np.linalg.norm(columns, axis=0), 1.0, rtol=1e-15)
    assert normalize(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(normalize([3.0, 4.0]), [0.6, 0.8], rtol=1e-15)


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"normalize: axis is 2, expected one of an array of sh"):
        normalize(X, 2)
    with pytest.raises(TypeError, match="normalize: axis is None, expected an integer"):
        normalize(X, None)
    with pytest.raises(TypeError, match="normalize: x "):
        normalize(["a"])
    with pytest.raises(ValueError, match="normalize: order is 'fro', expected one of vectors in"):
        normalize(X, order="fro")
