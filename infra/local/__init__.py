"""The embedded environment: real queue and table servers, a local AI Studio, triggers and function processes.

Nothing here is deployed. Everything listens on 127.0.0.1 only and ends with the process that started it.
"""
