"""Choosing images: how they are ranked, drawn at random and split.

===========  =======================================================================
module       holds
===========  =======================================================================
`ranking`    the order from the most to the least colorful, whole or stratum by stratum
`sampling`   the order of chance; drawing and splitting so that classes are covered
`combining`  merging, subtracting and intersecting lists
===========  =======================================================================

Pure: images are known by their keys here, and no file is touched.
"""
