"""The workstation agent: reads caller-ID boxes and tells the server of calls. Imports nothing of the platform."""

__version__ = "0.1.0"
