"""Small PDF files."""

import io

import numpy as np
from PIL import Image


def pdf_bytes(*pictures):
    """A PDF file with a page for each picture, a pixel of which is one point."""
    file = io.BytesIO()
    first, *others = map(Image.fromarray, pictures)
    first.save(file, "PDF", resolution=72, save_all=True, append_images=others)
    return file.getvalue()


def encrypted_pdf():
    """A PDF file that only a password nobody knows opens."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 30 20] >>",
        b"<< /Filter /Standard /V 1 /R 2 /O <"
        + b"ab" * 32
        + b"> /U <"
        + b"cd" * 32
        + b"> /P -4 >>",
    )
    content, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    return content + (
        b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer << /Size 5 /Root 1 0 R "
        b"/Encrypt 4 0 R /ID [<" + b"00" * 16 + b"> <" + b"00" * 16 + b">] >>\n"
        b"startxref\n%d\n%%%%EOF\n" % len(content)
    )


def half_black(height, width):
    """A page whose upper half is black, uint8 `[height, width]`."""
    page = np.full((height, width), 255, np.uint8)
    page[: height // 2] = 0
    return page
