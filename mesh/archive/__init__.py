"""Where science windows come from: identifiers, times, the index, selection, and access by directory, http or S3."""
