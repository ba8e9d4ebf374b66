"""Groups of customers: put together by hand, or whoever meets some conditions."""
