"""A tenant, a CPaaS and a Pulumi engine on this machine, to try the package for real."""

from sandbox.put_off import put_off

# jsonschema takes it where some tool of ours brings it along, and it compiles a grammar: two
# seconds of CPU in every process, for formats that nothing here checks.
put_off("rfc3987_syntax", "is_valid_syntax")
