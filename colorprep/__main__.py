"""Run the command line as ``python -m colorprep``."""

from .cli.main import main

main()
