"""The lab: a stand-in for Twilio with virtual phones, for tests and for use by hand."""
