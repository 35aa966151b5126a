"""What the tests of this folder share; without a GPU all of them are skipped.

They import torch inside, so that collecting them costs no time on machines without a GPU.
"""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def device():
    """The first GPU; a test skips if torch can use none."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("needs a GPU that torch can use")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read at the first product
    return torch.device("cuda:0")


@pytest.fixture
def exactly():
    """Compute as with --deterministic: the same bits each time, and no TF32."""
    from colorprep.training.devices import reproducibly

    with reproducibly(deterministic=True):
        yield
