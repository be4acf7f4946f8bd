"""The web demo. It uses public names of vidmem only, and contains no tracking logic."""
