"""How docs/ becomes a site: Sphinx' configuration, and two small extensions of ours."""
