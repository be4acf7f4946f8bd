"""``python -m vidmem``."""

from vidmem.cli import main

if __name__ == "__main__":
    main()
