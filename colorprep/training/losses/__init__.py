"""What a network's outputs are compared with, and how."""
