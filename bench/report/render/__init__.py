"""Tables in, files and text out: CSV, Markdown, HTML, the terminal."""
