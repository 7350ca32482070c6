# SPDX-License-Identifier: GPL-2.0
"""The files of the tree and the comments in them, for `names` and `words`."""

import os
import re
import subprocess

# Comments of C, and the strings in which there are none.
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
# Comments of scripts: # at the beginning of a line or behind a blank.
HASH = re.compile(r"\s*#(?!!)(.*)|.*?[ \t]#[ \t](.*)")


# The licence, and subjects of commits, which name what there was.
SKIPPED = ("COPYING", ".git-blame-ignore-revs")


def tree(top):
    """All files of the project, by their path from the top."""
    try:
        out = subprocess.run(["git", "-C", top, "ls-files", "-co", "--exclude-standard"],
                             check=True, capture_output=True, text=True).stdout
        files = out.splitlines()
    except (OSError, subprocess.CalledProcessError):
        files = []
        for folder, folders, names in os.walk(top):
            folders[:] = [f for f in folders if f not in (".git", "build")]
            files += [os.path.relpath(os.path.join(folder, n), top) for n in names]
    return sorted(f for f in files if os.path.isfile(os.path.join(top, f)) and
                  "/corpus/" not in f and "/regressions/" not in f and f not in SKIPPED)


def read(top, name):
    """The text of a file; "" if it is not text."""
    try:
        with open(os.path.join(top, name), encoding="utf-8") as f:
            return f.read()
    except (OSError, UnicodeDecodeError):
        return ""


def kind(name, text):
    """The kind of a file: c, document, page, script, or None: it is not read."""
    if re.search(r"\.[ch]$", name):
        return "c"
    if name.endswith(".md"):
        return "document"
    if re.search(r"\.[1-9]$", name):
        return "page"
    if re.search(r"(\.(sh|py|mk|awk)$|Makefile|Kbuild)", name) or text.startswith("#"):
        return "script"
    return None


def split_c(text):
    """The comments of C, as (offset, text); and the code, with blanks in their place."""
    comments = []
    code = []
    last = 0
    for m in COMMENT.finditer(text):
        if m.group(0)[0] != "/":
            continue
        comments.append((m.start(), m.group(0)))
        code.append(text[last:m.start()])
        code.append(re.sub(r"[^\n]", " ", m.group(0)))
        last = m.end()
    code.append(text[last:])
    return comments, "".join(code)


def script_lines(text):
    """The comments of a script, as (line, text)."""
    for i, line in enumerate(text.split("\n")):
        m = HASH.match(line)
        if m and "shellcheck" not in line and "SPDX" not in line:
            yield i + 1, m.group(1) or m.group(2) or ""
