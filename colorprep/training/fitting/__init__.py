"""Training a network: methods and their trainer, optimizers, schedules, and the loop."""
