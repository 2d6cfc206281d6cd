"""Signed webhooks: each message of the topics is posted to the addresses that operators have registered."""
