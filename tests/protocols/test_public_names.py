import importlib

import pytest

from simclr_tf import protocols


@pytest.mark.parametrize("name", protocols.__all__)
def test_a_public_name_is_not_hidden_by_a_module_of_that_name(name):
    # Importing a module `protocols/x.py` would put it in place of the function `protocols.x`.
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"simclr_tf.protocols.{name}")
    assert callable(getattr(protocols, name))
