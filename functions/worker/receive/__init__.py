"""From a trigger's event to messages: deliveries (event), and what a producer may send (message)."""
