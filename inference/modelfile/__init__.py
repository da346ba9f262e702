"""Modelfiles: their parameters, somebody's file read, looked through and mended."""
