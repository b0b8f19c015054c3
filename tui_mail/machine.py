"""Which machine this is, for marks in folders that machines share.

A name alone may be another machine's, and so may be the number of an image that machines were made
of: both together tell.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from socket import gethostname

_NUMBER = Path("/etc/machine-id")


@lru_cache(maxsize=1)
def machine() -> str:
    """The name of this machine, and where it has a number a digest of that, which machine-id(5)
    asks not to be shown."""
    try:
        number = _NUMBER.read_bytes().strip()
    except OSError:
        number = b""
    digest = hashlib.sha256(b"tui_mail machine " + number).hexdigest()[:16]
    return f"{gethostname()} {digest}" if number else gethostname()
