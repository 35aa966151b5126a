"""Training a network: steps, schedules, the loop and what it logs."""
