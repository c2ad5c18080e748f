"""Print an issue ready to file: `python -m tests.upstream.issue NAME` (without one: the names)."""

import sys

from tests.upstream.page import PAGE, complete, sections_of


def main(arguments: list[str]) -> str:
    """Return what is printed; ValueError where no section has an issue of that name."""
    sections = {s.script: s for s in sections_of(PAGE.read_text(encoding="utf-8"))}
    issues = {name: section.issue for name, section in sections.items() if section.issue}
    if not arguments:
        return "\n".join(issues)
    [name] = arguments
    if name not in issues:
        raise ValueError(f"{name} has no issue to file; those with one: {', '.join(issues)}.")
    return complete(issues[name], name)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
