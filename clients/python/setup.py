"""Installs the one file as a package of its name, beside a py.typed: type checkers take the hints of packages only (PEP 561)."""

import os

from setuptools import setup
from setuptools.command.build_py import build_py

NAME = "zmqpipeline_worker"


class BuildAsPackage(build_py):
    def run(self) -> None:
        super().run()
        if getattr(self, "editable_mode", False):
            return  # the file is used where it is
        package = os.path.join(self.build_lib, NAME)
        os.makedirs(package, exist_ok=True)
        os.replace(package + ".py", os.path.join(package, "__init__.py"))
        with open(os.path.join(package, "py.typed"), "w", encoding="ascii"):
            pass  # its presence says it


setup(cmdclass={"build_py": BuildAsPackage})
