"""Records -> pandas tables -> CSV, Markdown and terminal tables; imports no framework."""
