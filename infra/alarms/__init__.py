"""Alarms: who gets them, which of them are held back, and what to do about each."""
