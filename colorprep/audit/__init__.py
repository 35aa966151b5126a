"""What is wrong with an image, told from its pixels.

==============  =====================================================================
module          holds
==============  =====================================================================
`tones`         gray and toned: color that is missing, or that lightness explains
`borders`       bars of one color along the edges
`fingerprints`  64 bits that copies of a picture share
`candidates`    pairs of fingerprints that differ in a few bits, among millions
`doubles`       whether two images show the same picture, and which belong together
==============  =====================================================================

Pure: arrays in, judgments out. The stage `colorprep.stages.audit` reads the files.
"""
