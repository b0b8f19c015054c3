"""tui_mail: a terminal mail console that joins a company's mail with its ERP."""

__version__ = "0.1.0"
