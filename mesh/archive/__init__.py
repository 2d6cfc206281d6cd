"""Where science windows come from: identifiers, times, the index, selection, and access by file, http or S3."""
