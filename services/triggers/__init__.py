"""What is done about alerts: each event's state, the analyses that it asks for, its record, and what is published."""
