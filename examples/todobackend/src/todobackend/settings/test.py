import os

from todobackend.settings.base import *  # noqa: F401,F403

TEST_RUNNER = "xmlrunner.extra.djangotestrunner.XMLTestRunner"
TEST_OUTPUT_DIR = os.environ.get("TEST_OUTPUT_DIR", ".")
TEST_OUTPUT_FILE_NAME = "unittests.xml"
