import pytest
from ansible.plugins.loader import filter_loader, init_plugin_loader

from tests.unit.inventory.modules import PLUGINS


@pytest.fixture(scope="session", autouse=True)
def plugins() -> None:
    """Ansible's own, found once, and our filters."""
    init_plugin_loader()
    filter_loader.add_directory(str(PLUGINS / "filter"))
