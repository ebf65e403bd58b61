"""Whose request it is: a bearer key, its tenant, what it is for. Every route of the API asks here first."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from docproc.api.counting import ASKER
from docproc.api.wiring import Face
from docproc.domain.errors import UnknownKeyError
from docproc.services.key_records import ApiKey, Scope
from docproc.services.keys import key_of, require_scope
from docproc.services.limits import admit_request

BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="docproc_…",
    description="A key as `docproc serve` and `docproc keys create` print it.",
)


def face_of(request: Request) -> Face:
    found: Face = request.app.state.face
    return found


class Allowed:
    """A dependency: the key of the request, which must be for one of `scopes`."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    def __call__(
        self, request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
    ) -> ApiKey:
        """Raises UnknownKeyError, ForbiddenError or LimitError."""
        if credentials is None:
            raise UnknownKeyError("the request carries no key: Authorization: Bearer docproc_…")
        key = key_of(face_of(request).desk.front.keys, credentials.credentials)
        setattr(request.state, ASKER, key.actor)
        admit_request(face_of(request).desk.front.limits, key.tenant)
        require_scope(key, *self.scopes)
        return key


TheFace: TypeAlias = Annotated[Face, Depends(face_of)]
Submitter: TypeAlias = Annotated[ApiKey, Depends(Allowed(Scope.SUBMIT))]
#: sees how jobs stand, and nothing of what is in their documents
Follower: TypeAlias = Annotated[ApiKey, Depends(Allowed(Scope.SUBMIT, Scope.READ))]
Reader: TypeAlias = Annotated[ApiKey, Depends(Allowed(Scope.READ))]
Reviewer: TypeAlias = Annotated[ApiKey, Depends(Allowed(Scope.REVIEW))]
Admin: TypeAlias = Annotated[ApiKey, Depends(Allowed(Scope.ADMIN))]
