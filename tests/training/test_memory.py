"""Claims about reused memory."""

import numpy as np
import pytest
import torch

from colorprep.training.data.memory import RecycledMemory


def test_memory_is_reused():
    """After a tensor is deleted, the next one of its size has its memory, whatever its type."""
    memory = RecycledMemory(2)
    first = memory.empty((4, 8), torch.uint8)
    place = first.data_ptr()
    del first
    second = memory.empty((8,), torch.int32)
    assert second.data_ptr() == place and second.dtype == torch.int32 and second.shape == (8,)


@pytest.mark.parametrize(
    "part",
    [
        lambda tensor: tensor[1:],
        lambda tensor: tensor.view(-1),
        lambda tensor: tensor.numpy()[2],
        lambda tensor: np.asarray(tensor).T,
        lambda tensor: tensor.untyped_storage(),
        lambda tensor: tensor.detach(),
    ],
)
def test_memory_in_use_is_not_reused(part):
    """A reference to a part of a tensor keeps its memory."""
    memory = RecycledMemory(2)
    tensor = memory.empty((4, 8), torch.int8)
    place, held = tensor.data_ptr(), part(tensor)
    del tensor
    assert memory.empty((4, 8), torch.int8).data_ptr() != place
    del held
    assert memory.empty((4, 8), torch.int8).data_ptr() == place


def test_few_pieces_are_kept():
    """Of many tensors, only the given number of pieces is kept."""
    memory = RecycledMemory(2)
    many = [memory.empty((1 << 16,), torch.uint8) for _ in range(6)]
    places = {tensor.data_ptr() for tensor in many}
    del many
    again = [memory.empty((1 << 16,), torch.uint8) for _ in range(2)]
    assert {tensor.data_ptr() for tensor in again} <= places
    assert sum(map(len, memory._free.values())) == 0
