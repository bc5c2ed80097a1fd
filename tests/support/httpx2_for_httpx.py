"""A pytest plugin: httpx2 by the name of httpx, as renaming the imports would have it."""

import sys

import httpx2

sys.modules["httpx"] = httpx2
