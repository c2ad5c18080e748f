"""Records in, pandas tables out."""
