"""Lists of customers to call, one after the other, with what to say beside them."""
