"""A pytest plugin: httpx2 and httpcore2 by the names of httpx and httpcore, as renaming the imports would have it."""

import sys

import httpcore2
import httpx2

sys.modules["httpx"] = httpx2
sys.modules["httpcore"] = httpcore2
