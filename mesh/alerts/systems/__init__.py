"""One room for each system that sends notices: whose event it is, which version, and what is odd about its numbers."""
