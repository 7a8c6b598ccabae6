"""The whole set-up, independent parts side by side. Does nothing, quickly, when everything is in place."""

from dataclasses import replace

import packages
import programs
from apt import PrivateApt
from place import Place, locked
from processes import side_by_side
from programs import Programs


def install(place: Place, *, services: bool, test: bool = False) -> Programs:
    """Programs, Python packages and front-end files; with `test` the packages and the browser of the tests as well."""
    apt = PrivateApt(place)
    python = packages.Python(place, apt)

    def python_side() -> None:
        python.install("requirements.txt", what="Python packages")
        packages.install_front_end(place, python)
        if test:
            python.install("requirements-dev.txt", what="Python packages of the tests")

    def system_side() -> Programs:
        found = programs.find(place, apt, services=services)
        if not test:
            return found
        browser = programs.find_browser(place, apt)
        # The browser brought more libraries, some in folders that were not there before.
        return replace(found, browser=browser, libraries=programs.libraries(place))

    with locked(place.tools / "setup.lock", waiting="another command is setting this checkout up; waiting for it"):
        found: Programs = side_by_side(system_side, python_side)[0]
        return found
