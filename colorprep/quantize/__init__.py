"""Quantizers of color: from a color to a bin, soft or hard, and back.

==================  ===================================================================
module              holds
==================  ===================================================================
`quantizer`         the protocol that every quantizer implements
`spec`              choosing a quantizer by name, saving it and restoring it
`gamut`             which lattice points of the ab plane are bins (313 of them at step 10)
`ab`                nearest-center quantizers of ab: lattices and k-means
`mixture`           Gaussian mixtures over hue and chroma, and a uniform grid of them
`hue_chroma_bins`   separate bins of hue and of chroma
`soft_encoding`     the k nearest centers with Gaussian weights
`decoding`          mode, mean and annealed mean of a distribution over bins
`round_trip`        the error of encoding a color and decoding it again
`tables`            every 8-bit color's cell and bin; every cell's soft-encoding
`labeling`          from the pixels of an image to its labels
`kernels`           the numba loops behind all of these
==================  ===================================================================

Colors are pairs: (a, b) in CIELAB units for quantizers of space ``"ab"``, (hue in turns, chroma
in [0, 1]) for those of space ``"hue-chroma"``. A **cell** is a unit of a 256 x 256 histogram over
either plane, numbered 0..65535; a **bin** is one of the Q classes of a quantizer, 0..Q-1.
"""
