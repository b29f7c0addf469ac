"""What the phones of the sandbox received, and what became of what was sent to them."""

from sandbox.inbox.deliveries import DeliveryJournal
from sandbox.inbox.inbox import Channel, Inbox, Message
from sandbox.inbox.timeline import Entry, Filter, Phone, Timeline

__all__ = ["Channel", "DeliveryJournal", "Entry", "Filter", "Inbox", "Message", "Phone", "Timeline"]
