"""Products as the protocol of oda_api carries them."""
