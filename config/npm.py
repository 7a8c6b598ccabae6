"""Front-end packages: files of node_modules published one by one, and hashed names for everything else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class NpmFinder(BaseFinder):
    """Finds `vendor/<package>/<file>` for the files that `settings.NPM_FILES` names, and no others."""

    def _files(self) -> Iterator[tuple[str, Path]]:
        for prefix, (folder, names) in settings.NPM_FILES.items():
            for name in names:
                yield f"{prefix}/{name}", settings.NODE_MODULES / folder / name

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = [str(file) for public, file in self._files() if public == path and file.exists()]
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for prefix, (folder, names) in settings.NPM_FILES.items():
            storage = FileSystemStorage(location=settings.NODE_MODULES / folder)
            storage.prefix = prefix  # type: ignore[attr-defined]  # collectstatic reads it
            for name in names:
                if storage.exists(name):
                    yield name, storage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names with a hash of the content, but for `.mjs`: MapLibre's module finds its worker by its plain name."""

    manifest_strict = False
    support_js_module_import_aggregation = True

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        if name.endswith(".mjs"):
            return name
        return super().hashed_name(name, content, filename)
