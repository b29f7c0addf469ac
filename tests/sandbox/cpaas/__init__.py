"""The vendor's own client validates what is sent and answered here, by a few of its models."""

from tests.sandbox.put_off import put_off

# Its packages import all of their 400 modules: three seconds of CPU in each worker.
for package in ("infobip_api_client", "infobip_api_client.api", "infobip_api_client.models"):
    put_off(package)
