"""Bytes on the disk: atomic files, JSON lines, the store of records, sessions."""
