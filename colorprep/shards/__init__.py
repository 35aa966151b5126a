"""Label folders: what `colorprep labels` writes and training reads.

=============  =====================================================================
module         holds
=============  =====================================================================
`plan`         plan.json: how labels are made, and which images go where
`writer`       one shard, an .h5 file
`layout`       its frame, made by HDF5 in memory, and the offsets of the arrays
`sidecar`      the .json beside it, with its inputs and its checksum
`manifest`     manifest.json and skipped.csv, written last
`maps`         label maps, the other form of labels
`map_digests`  digests.csv, the digests of the images that label maps were made from
`recorded`     which images finished labels were made from, by sidecars or digests.csv
`resuming`     which parts of a plan are done, and the images of the rest
`reader`       opening a folder of shards, on this disk or in a store
`shard`        a shard, its arrays mapped into memory
`remote`       the shards of a store, downloaded when they are used, or ahead
`cache`        the folder of this disk to which they are copied, of bounded size
`compression`  compressed datasets
`checks`       what is wrong with a shard
=============  =====================================================================

h5py is imported only here. Formats: ``docs/formats.md``.
"""
