"""Short messages: gateways, templates, what is sent to customers and what they answer."""
