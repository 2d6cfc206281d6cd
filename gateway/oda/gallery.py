"""The product gallery of the public service, to which its client also speaks: this mesh has none, and says so."""

from fastapi.responses import JSONResponse

from gateway.oda.answers import refused

ABSENT = {
    "/get_list_terms": "GET",
    "/get_parents_term": "GET",
    "/get_observation_attachments": "GET",
    "/get_data_product_list_with_conditions": "GET",
    "/get_data_product_list_by_source_name": "GET",
    "/post_product_to_gallery": "POST",
    "/post_astro_entity_to_gallery": "POST",
    "/post_observation_to_gallery": "POST",
    "/delete_product_to_gallery": "POST",
}
"""Addresses, each with its method."""
_STATUS = 501


async def absent() -> JSONResponse:
    """Answer that this is not here, in the words that the client shows."""
    text = (
        "This mesh has no product gallery: what can be passed on is the permanent link of a request, /r/<request_key>."
    )
    return JSONResponse(refused(text, session_id=""), status_code=_STATUS)
