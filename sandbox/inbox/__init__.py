"""What the phones of the sandbox received."""

from sandbox.inbox.inbox import Inbox, Message

__all__ = ["Inbox", "Message"]
