from __future__ import annotations

import pytest

from tests.unit.test_public_api import check_all, modules

ADAPTERS = [name for name in modules() if name.startswith("sharedctx.adapters.")]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ADAPTERS)
def test_all_of_an_adapter_is_complete(name: str) -> None:
    check_all(name)
