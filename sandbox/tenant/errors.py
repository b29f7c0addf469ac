"""What a rule raises when a request is refused."""


class ApiError(Exception):
    """A request that the tenant refuses.

    Attributes:
        message: word for word as the Management API says it, where that was recorded.
        error_code: the `errorCode`; None where the real answer has none.
        attributes: further details that only refusals of tokens carry.
    """

    def __init__(
        self,
        status: int,
        message: str,
        error_code: str | None = None,
        *,
        attributes: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.attributes = attributes
        self.status = status
        self.message = message
        self.error_code = error_code


def invalid_body(detail: str, where: str = "") -> ApiError:
    """A body that breaks a rule no schema can state; worded as the schema's refusals are."""
    place = f" on property {where}" if where else ""
    return ApiError(400, f"Payload validation error: '{detail}'{place}.", "invalid_body")


def invalid_query(detail: str, where: str) -> ApiError:
    """The same of a query."""
    message = f"Query validation error: '{detail}' on property {where}."
    return ApiError(400, message, "invalid_query_string")
