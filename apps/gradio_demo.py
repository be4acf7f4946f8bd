"""The web demo: ``python apps/gradio_demo.py``, the same as ``vidmem demo``."""

from vidmem_demo.app import serve

if __name__ == "__main__":
    serve()
