"""Finding flaws of images from their pixels.

==============  =====================================================================
module          contents
==============  =====================================================================
`tones`         gray and toned images: no color, or color that lightness explains
`blocks`        how well the colors of an image's blocks follow from their luma
`borders`       bars of one color along the edges
`fingerprints`  perceptual hashes: 64 bits that copies of a picture share
`candidates`    pairs of fingerprints that differ in few bits, among millions
`duplicates`    whether two images show the same picture; sets of duplicates
==============  =====================================================================

Pure: arrays in, judgments out. The stage `colorprep.stages.audit` reads the files.
"""
