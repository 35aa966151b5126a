"""Claims about batches on a GPU: the same as on the CPU, however they got there."""

import pytest

from colorprep import InputError


def test_the_gpu_is_chosen(device):
    """Without a name it is the first GPU; one that is not there is refused."""
    import torch

    from colorprep.training.devices import choose_device

    assert torch.zeros(1, device=choose_device("auto")).device == device
    assert choose_device("cuda", 0) == device
    with pytest.raises(InputError, match="choose auto, cpu, or a GPU such as cuda:0"):
        choose_device(f"cuda:{torch.cuda.device_count()}")


def test_batches_copied_ahead(prepared, device):
    """Batches that are copied while the GPU computes are whole, and stay so while they are used."""
    import torch

    from colorprep import ShardDataset
    from colorprep.training.devices import prefetch_to_device

    dataset = ShardDataset(prepared.path("labels"))
    pinned = list(dataset.loader(7, pin_memory=True).batches(0))
    assert all(tensor.is_pinned() for batch in pinned for tensor in batch.values())
    work = torch.ones(2048, 2048, device=device)
    used = []
    for batch in prefetch_to_device(dataset.loader(7, pin_memory=True).batches(0), device):
        for _ in range(20):
            work = (work @ work).clamp(max=1.0)
        used.append({name: tensor.clone() for name, tensor in batch.items()})  # after the work
    for moved, batch in zip(used, dataset.loader(7).batches(0), strict=True):
        assert list(moved) == list(batch)
        for name, tensor in moved.items():
            assert tensor.device == device and torch.equal(tensor.cpu(), batch[name]), name


def test_crops_are_the_same(prepared, device):
    """A generator of the CPU gives the same squares on the GPU."""
    import torch

    from colorprep import ShardDataset
    from colorprep.training.data.augmentation import Preparation
    from colorprep.training.devices import on_device

    batch = ShardDataset(prepared.path("labels")).batch(range(16))
    prepare = Preparation(32, 4, crop=24, flip=True)
    expected = prepare(batch, torch.Generator().manual_seed(3))
    found = prepare(on_device(batch, device), torch.Generator().manual_seed(3))
    for name, tensor in found.items():
        assert tensor.device == device and torch.equal(tensor.cpu(), expected[name]), name
