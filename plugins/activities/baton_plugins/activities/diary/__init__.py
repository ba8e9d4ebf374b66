"""The calendar: what somebody or a department has to do on which day."""
