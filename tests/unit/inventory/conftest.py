import pytest
from ansible.plugins.loader import init_plugin_loader


@pytest.fixture(scope="session", autouse=True)
def plugins() -> None:
    """Ansible's own, found once."""
    init_plugin_loader()
