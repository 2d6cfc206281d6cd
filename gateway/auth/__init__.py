"""Who calls, found out before an endpoint runs: credentials, issuers of tokens, sessions of browsers, rates."""
