"""Colorful Image Colorization (Zhang, Isola, Efros, ECCV 2016), from a folder of images on.

It counts the prior of the 313 bins and computes the rebalancing weights, labels the images, trains
the network by the recipe `zhang2016`, and compares the pictures of held-out images, and gray ones,
with the originals.

    python pipelines/zhang2016.py --dir train/ --out zhang2016
    python pipelines/zhang2016.py --quick
"""

from running import Quick, parser_of, running, table

from colorprep.stages import labels, prior

QUICK = Quick(size=64, width=1 / 16)


def main() -> None:
    """Run the system."""
    with running(parser_of(__doc__, "zhang2016"), QUICK) as system:
        images, at = system.images, (system.workspace, system.reporter)
        counted = prior.run(prior.PriorParams(images), *at).whole
        weights = counted.weights.values
        print(f"{counted.weights_path}: weights {weights.min():.3f} to {weights.max():.3f}")
        labels.run(labels.LabelsParams(images, size=system.size(256)), *at)
        trained = system.train("zhang2016")
        rows = {"eccv16": system.evaluate(trained), "gray": system.evaluate_gray(trained)}
        system.shown(table(rows))


if __name__ == "__main__":
    main()
