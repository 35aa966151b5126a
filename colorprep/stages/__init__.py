"""One `run` per command: it joins the pure core to files, and returns what there is to print.

Each stage takes its parameters, a workspace and a reporter, and knows nothing of the command
line, so that scripts call the same functions.
"""
