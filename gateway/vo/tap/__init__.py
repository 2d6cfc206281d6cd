"""Tables that are asked in ADQL (TAP 1.1): what the caller's jobs made, as observations (ObsCore 1.1)."""
