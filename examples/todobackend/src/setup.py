from setuptools import find_packages, setup

setup(
    name="todobackend",
    version="0.1.0",
    description="A to-do list as a REST service",
    packages=find_packages(),
    scripts=["manage.py"],
    install_requires=["Django>=3.2", "djangorestframework>=3.14", "mysqlclient>=1.4"],
)
