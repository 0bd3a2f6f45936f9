"""The desk as JSON, so that a CRM can have it in its own pages."""
