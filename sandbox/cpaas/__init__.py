"""A local stand-in for NTT CPaaS (the Infobip API): the two send endpoints."""
