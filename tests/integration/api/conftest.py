"""The face's places, for the tests of this folder."""

from doubles.places import client, client_for, place, tenant

__all__ = ["client", "client_for", "place", "tenant"]
