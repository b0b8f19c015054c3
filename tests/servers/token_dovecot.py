"""A Dovecot that is logged in to with tokens."""

from tests.servers.dovecot import Dovecot
from tests.servers.openid import Provider

_PASSDB = """
auth_mechanisms = plain {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
"""
_OAUTH2 = """
introspection_url = {url}
introspection_mode = post
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
"""


class TokenDovecot(Dovecot):
    """A Dovecot that asks a provider about the tokens that it is shown."""

    def __init__(self, provider: Provider, mechanisms: str) -> None:
        super().__init__()
        self._provider = provider
        self._mechanisms = mechanisms

    def _configuration(self) -> str:
        (self.home / "oauth2.conf").write_text(_OAUTH2.format(url=self._provider.introspection))
        extra = _PASSDB.format(mechanisms=self._mechanisms, home=self.home)
        return super()._configuration() + extra
