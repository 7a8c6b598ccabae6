"""A province of any size out of a seed, for measuring: everything is invented, and every offer says `generated`."""
