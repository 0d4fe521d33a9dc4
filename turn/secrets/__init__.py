"""The secrets that issuers sign with and relays check with, and where they are kept."""
