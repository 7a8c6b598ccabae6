"""A photo painted anew, with nothing but its pixels. Run as a program of its own, never imported by the server.

A picture of 5 kB can ask for gigabytes, and reading one is native code: so it happens in a process with limits on memory
and time, which may die. Standard input: the bytes. Standard output: a JPEG, upright, at most EDGE pixels wide and high,
without EXIF, position, comments or colour profile. Exit status 3: no photo that is read here; 5: too many pixels.
"""

import io
import resource
import sys

FORMATS = ("JPEG", "PNG", "WEBP")
EDGE = 1600
QUALITY = 80
MOST_PIXELS = 60_000_000
"""Three bytes each are 180 MB; phones that boast of more send 12 million unless told otherwise."""
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 15
UNREADABLE, TOO_LARGE = 3, 5


def main() -> int:
    from PIL import Image, ImageOps

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    Image.MAX_IMAGE_PIXELS = None  # counted below, before a pixel is read
    try:
        with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=FORMATS) as photo:
            if photo.width * photo.height > MOST_PIXELS:
                return TOO_LARGE
            photo.thumbnail((EDGE, EDGE))  # a JPEG is read at about this size at once
            upright = ImageOps.exif_transpose(photo).convert("RGBA")
        painted = Image.new("RGB", upright.size, "white")
        painted.paste(upright, mask=upright)
        painted.save(sys.stdout.buffer, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        return UNREADABLE
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
