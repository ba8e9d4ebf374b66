"""Follow-ups with contacts that stand alone; they go along to the customer that such a contact is given to."""
