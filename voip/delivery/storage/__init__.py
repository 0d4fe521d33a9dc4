"""Where copies of recordings are kept: a folder, an S3 bucket; sealed where a key is set."""
