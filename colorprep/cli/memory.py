"""What a command says when there is not enough memory, of the computer or of a GPU."""

from __future__ import annotations

CPU_ALLOCATOR = "DefaultCPUAllocator: "  # in the text of a RuntimeError of torch
IN_GENERAL = "close what else uses it"
ON_A_DEVICE = f"{IN_GENERAL}, or use --device cpu"
LESS_IN_STEPS = (
    "give --accumulate, which computes each batch in smaller parts, --amp, or a smaller "
    "--batch-size or --crop; --dry-run says how much memory is used"
)
NEEDS_LESS = {
    "train": LESS_IN_STEPS,
    "colorize": ON_A_DEVICE,
    "evaluate": ON_A_DEVICE,
    "probe": "give a smaller --batch-size",
    "sweep": ON_A_DEVICE,
}


def not_enough_memory(error: MemoryError | RuntimeError, command: str | None) -> str | None:
    """Return the message for an error of allocating memory; None for another error.

    Parameters
    ----------
    error : MemoryError or RuntimeError
        Of numpy or Python; or of torch, whose errors of memory have several classes.
    command : str or None
        The name of the command that was run.

    Examples
    --------
    >>> print(not_enough_memory(MemoryError("Unable to allocate 8.00 TiB"), "prior"))
    not enough memory: Unable to allocate 8.00 TiB; close what else uses it
    """
    text = str(error)
    of_torch = "out of memory" in text or CPU_ALLOCATOR in text
    if not (of_torch or isinstance(error, MemoryError)):
        return None
    # What torch says is long; its first two sentences say what could not be allocated.
    found = ". ".join(text.rpartition(CPU_ALLOCATOR)[2].split(". ")[:2]).strip(" .")
    return f"not enough memory{found and f': {found}'}; {NEEDS_LESS.get(command or '', IN_GENERAL)}"
