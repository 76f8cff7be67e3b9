import pytest
from PIL import Image


@pytest.fixture
def page(tmp_path):
    """Writes a white page under the test's folder and returns its path."""

    def write(name="page.png", size=(200, 100), **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size, 255).save(path, **options)
        return path

    return write
