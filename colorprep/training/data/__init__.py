"""Label shards and maps as torch datasets, and batches of them."""
