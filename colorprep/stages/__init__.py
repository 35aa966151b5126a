"""The commands as functions: each `run` reads files, calls the pure rooms and writes the results.

A stage takes its parameters, a workspace and a reporter, and does not depend on the command line,
so scripts call the same functions.
"""
