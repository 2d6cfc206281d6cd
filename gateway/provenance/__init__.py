"""How products came to be: W3C PROV, and programs that make them again."""
