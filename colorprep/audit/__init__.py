"""What is wrong with an image, told from its pixels.

Pure: arrays in, judgments out. The stage `colorprep.stages.audit` reads the files.
"""
