"""Sphinx' settings, read by Sphinx itself (`make docs`); their names are Sphinx' and MyST's.

The root of the project is the source folder, so that README.md is a page too and every link leads
to the same place as on a forge.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGES = {"README.md", "docs"}

sys.path.insert(0, str(ROOT))  # our own extensions

project = "matrix-voip"
author = "matrix-voip"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "tools.docs_site.diagrams",
    "tools.docs_site.docstrings",
    "tools.docs_site.navigation",
]
root_doc = "docs/index"
exclude_patterns = [path.name for path in ROOT.iterdir() if path.name not in PAGES]
html_extra_path = ["index.html"]

html_theme = "furo"
html_title = "matrix-voip"
html_show_sphinx = False
html_copy_source = False
# Furo links to the Markdown only where it knows a repository, and asks nobody for fonts.

# Anchors as forges make them, down to ###.
myst_heading_anchors = 3

# Docstrings are plain text: what is between single backticks is code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True
