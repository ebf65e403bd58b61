"""The remote reader: pages go to OpenAI-compatible servers, records come back and are checked here."""
