from todobackend.settings.base import *  # noqa: F401,F403

STATIC_ROOT = "/var/www/todobackend/static"
