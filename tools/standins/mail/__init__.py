"""A mail sink: which messages would have reached people's inboxes?"""
