"""Uploads: files that callers send as inputs of their jobs."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, Field

from gateway.api.documents import PREFIX
from gateway.calling import Calling
from gateway.parts import Given
from gateway.problem import Problem, Refusal

router = APIRouter(prefix=PREFIX, tags=["uploads"])

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Upload(BaseModel):
    """A file that was stored."""

    sha256: str = Field(description="what parameters of type `uploads` name it by")
    bytes: int


@router.post(
    "/uploads",
    status_code=status.HTTP_201_CREATED,
    openapi_extra=_BODY,
    responses={413: {"model": Problem, "description": "longer than a request may be"}},
)
async def upload(request: Request, parts: Given, caller: Calling) -> Upload:
    """Keep a file, e.g. a sky map, as input of jobs; the body is its content. Equal content is one file."""
    content = await request.body()
    if not content:
        raise Refusal("malformed", "The body is empty; send the content of the file.")
    digest = await asyncio.to_thread(parts.intake.upload, content, caller)
    return Upload(sha256=digest, bytes=len(content))
