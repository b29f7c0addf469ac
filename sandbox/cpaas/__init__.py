"""A local stand-in for NTT CPaaS (the Infobip API): the two send endpoints."""

from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas

__all__ = ["Cpaas", "build_cpaas"]
