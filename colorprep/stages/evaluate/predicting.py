"""Pictures that a network makes of originals, to be compared with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ...images.decoding import Pixels
from ...images.digests import digest_of_file
from ...images.reach import check_readable
from ...images.reader import ImageReader
from ...training.checkpoint import Checkpoint
from ...training.classifier import FrozenClassifier
from ...training.devices import choose_device
from ...training.judging.likelihood import LikelihoodJudge
from ...training.models.outputs import HEADS
from ...training.prediction import Conditions, colorize_photograph
from ..checkpoints import Origin
from ..conditions import class_ids_of
from ..pictures import PhotographSource
from ..source import ImageParams, image_reader
from .comparing import PicturesToCompare, source_facts
from .pairs import Pair


@dataclass(frozen=True)
class PredictedPairs:
    """Pairs that are made: originals, and what `colorprep colorize` makes of them.

    Attributes
    ----------
    colorize : callable
        Takes the pixels of a photograph and its ``conditions``, and returns it in color.
    judge : LikelihoodJudge or None
        Of the same network; None if it predicts no distribution over bins.
    classifier : FrozenClassifier or None
        Of the network's features, if it takes them.
    class_ids : sequence of int or None
        Of the originals, if the network takes them.
    """

    originals: ImageReader
    colorize: Callable[..., Pixels]
    judge: LikelihoodJudge | None
    classifier: FrozenClassifier | None = None
    class_ids: Sequence[int] | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.originals.source.keys)

    def check(self) -> None:
        """Check that originals can be read in this process; see `colorprep.images.reach`."""
        check_readable(self.originals.source)

    def key(self, index: int) -> str:
        """Return the key of the original."""
        return self.originals.source.keys[index]

    def read(self, index: int) -> Pair:
        """Return a pair; see `Pairs.read`."""
        pixels = self.originals.read(index).pixels
        colored = self.colorize(pixels, conditions=self._conditions(index))
        colored.flags.writeable = False  # like pixels that are read
        return Pair(colored, pixels)

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return the negative log-likelihoods, see `Likelihood`; nothing for a regression."""
        if self.judge is None:
            return {}
        return self.judge(original, self._conditions(index))._asdict()

    def _conditions(self, index: int) -> Conditions:
        class_id = None if self.class_ids is None else self.class_ids[index]
        return Conditions(class_id, self.classifier)


def predicted_pictures(
    checkpoint: Checkpoint,
    origin: Origin,
    originals: PhotographSource,
    params: ImageParams,
    temperature: float,
    device: str,
    classifier: FrozenClassifier | None = None,
) -> PicturesToCompare:
    """Prepare the pictures that a checkpoint predicts for originals.

    Parameters
    ----------
    params : ImageParams
        Gives the rules of decoding.
    temperature : float
        Of the annealed mean.
    device : str
        See `choose_device`.
    classifier : FrozenClassifier or None
        Of the network's features, if it takes them.

    Raises
    ------
    InputError
        If the device does not exist, or the network takes the class of an image and does not know
        it.
    """
    chosen, source = choose_device(device), originals.source
    checkpoint.model.to(chosen)
    pairs = PredictedPairs(
        image_reader(source, None, params),
        partial(colorize_photograph, checkpoint, temperature=temperature, device=chosen),
        None if HEADS[checkpoint.head].logits is None else LikelihoodJudge(checkpoint, chosen),
        classifier,
        class_ids_of(checkpoint, source.keys),
    )
    provenance = {
        "original": source_facts(source),
        "checkpoint": {
            "digest": digest_of_file(origin.path),
            "model": checkpoint.config["model"],
            "quantizer": checkpoint.quantizer.name,
            "fingerprint": checkpoint.quantizer.fingerprint,
            "temperature": temperature,
            "step": origin.step,
            "total_steps": origin.total_steps,
            "finished": origin.finished,
        },
    }
    return PicturesToCompare(
        pairs, originals, provenance, list(source.skipped), packages=("torch",), origin=origin
    )
