"""How large a picture may be. Checked in the header, before anything is allocated."""

from vidmem.errors import SourceError

LARGEST_SIDE = 16_384
LARGEST_PIXELS = 2**26


def check_size(width: int, height: int, name: str) -> None:
    """Refuse pictures that no memory should be given for.

    Args:
        width: in pixels, as the header says.
        height: in pixels.
        name: what the picture is, for the message.

    Raises:
        SourceError: empty, a side over 16,384 pixels, or over 67 million pixels.
    """
    if width < 1 or height < 1:
        raise SourceError(
            f"{name} says it is {width}x{height} pixels.",
            remedy="Sides have 1 pixel or more; a file that says less is damaged.",
        )
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
        raise SourceError(
            f"{name} says it is {width}x{height} pixels; a side may have {LARGEST_SIDE}, "
            f"a picture {LARGEST_PIXELS // 10**6} million.",
            remedy="Scale it down first, for example with ffmpeg -vf scale=1920:-2.",
        )
