"""Claims about losses and networks on a GPU: near those of the CPU, and repeatable to the bit."""

from typing import get_args

import pytest

from colorprep.training.choices import LossName, ModelName

QUANTIZERS = {"hue-chroma": "hc-1d"}  # of losses that are not for ab313
CHANNELS = {"ab": 2, "rgb": 3, "coarse-bins": 16, "classes": 3}


def near(found, expected, tolerance):
    """Whether a tensor is so near to another, relative to its size."""
    difference = (found.detach().cpu().float() - expected.detach().float()).norm()
    return difference <= tolerance * expected.norm() + 1e-7


@pytest.mark.parametrize("name", get_args(LossName))
def test_losses(name, device, exactly):
    """Values and gradients are the CPU's, and the same each time."""
    import torch
    from batches import made_up_batch, quantizer_of
    from steps import objective_of

    from colorprep.training.devices import on_device
    from colorprep.training.losses.terms import total

    objective = objective_of(name, quantizer_of(QUANTIZERS.get(name, "ab313")))
    batch, generator = made_up_batch(n_bins=16), torch.Generator().manual_seed(0)
    outputs = {
        head: torch.randn((2, n, 6, 6)[: 2 if head == "classes" else 4], generator=generator)
        for head, n in objective.channels.items()
    }

    def computed(where):
        own = {head: each.to(where, copy=True).requires_grad_() for head, each in outputs.items()}
        losses = objective.to(where)(own, on_device(batch, where))
        total(losses).backward()
        figures = [figure for term in losses.values() for figure in term[:2]]
        return *figures, *(each.grad for each in own.values())

    expected, found, again = map(computed, (torch.device("cpu"), device, device))
    for ours, repeated, theirs in zip(found, again, expected, strict=True):
        assert ours.device == device and near(ours, theirs, 1e-5) and torch.equal(ours, repeated)
    assert expected[-1].any()


@pytest.mark.parametrize("name", get_args(ModelName))
def test_networks(name, device, exactly):
    """Outputs and gradients are the CPU's, in bfloat16 near them; gradients are repeatable."""
    import torch
    from batches import SIZES, made_up_batch
    from torch import nn

    from colorprep.training.devices import on_device
    from colorprep.training.models import MODELS, make_model, run_network

    head = getattr(MODELS[name], "predicts", ("ab",))[-1]
    channels = {head: CHANNELS[head]}
    network = make_model(name, channels, seed=0, width=0.125, sizes=SIZES, stride=4)
    labels = getattr(network, "fixed_side", 128) // 4
    batch = made_up_batch(side=labels, stride=4)
    torch.manual_seed(0)
    for parameter in network.parameters():  # output layers start at 0
        parameter.data.add_(torch.randn_like(parameter), alpha=0.01)

    def outputs(where, amp=False):
        network.to(where)
        with torch.autocast(where.type, torch.bfloat16, enabled=amp):
            placed = run_network(network, on_device(batch, where), channels, (labels, labels))
        return placed[head].float()

    def gradients(where):
        network.zero_grad()
        outputs(where).square().mean().backward()
        return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])

    cpu = torch.device("cpu")
    network.eval()
    expected = outputs(cpu)
    assert expected.any() and near(outputs(device), expected, 1e-4)
    assert near(outputs(device, amp=True), expected, 0.1)
    for module in network.modules():
        module.train(not isinstance(module, nn.Dropout | nn.Dropout2d))
    expected = gradients(cpu)  # batch norm of two images enlarges the errors of rounding
    found, again = gradients(device), gradients(device)
    assert near(found, expected, 0.02) and torch.equal(found, again)
