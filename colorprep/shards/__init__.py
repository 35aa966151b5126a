"""Label folders: what `colorprep labels` writes and training reads.

===========  =====================================================================
module       holds
===========  =====================================================================
`writer`     one shard: an .h5 file and its .json sidecar
`reader`     a folder of shards, its arrays mapped into memory
`manifest`   manifest.json and skipped.csv, shared by both formats
===========  =====================================================================

h5py is imported only here. Formats: ``docs/formats.md``.
"""
