"""The command line: one small file per command, shared options in `options`."""
