"""The resource types of the stand-in, one module each, and the table of all of them."""

from typing import Final

from sandbox.plugin.resources.action import ActionResource
from sandbox.plugin.resources.base import Resource
from sandbox.plugin.resources.bindings import TriggerActionResource, TriggerActionsResource
from sandbox.plugin.resources.guardian import GuardianResource
from sandbox.plugin.resources.phone_provider import PhoneProviderResource
from sandbox.plugin.resources.template import TemplateResource
from sandbox.plugin.resources.tenant import TenantResource

RESOURCES: Final[dict[str, Resource]] = {
    resource.token: resource
    for resource in (
        ActionResource(),
        TriggerActionResource(),
        TriggerActionsResource(),
        PhoneProviderResource(),
        TemplateResource(),
        GuardianResource(),
        TenantResource(),
    )
}
