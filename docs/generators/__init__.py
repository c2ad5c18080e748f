"""From the code to pieces of Markdown, so that the reference cannot differ from the code."""
