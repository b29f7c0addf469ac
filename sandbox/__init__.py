"""A tenant, a CPaaS and a Pulumi engine on this machine, to try the package for real."""

import sys

# jsonschema takes it where some tool of ours brings it along, and it compiles a grammar: over a
# second of CPU in every process, for formats that nothing here checks. Now it is not there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
