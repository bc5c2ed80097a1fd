"""The Realtime API: sessions over WebSocket, and the POST form of client events."""
