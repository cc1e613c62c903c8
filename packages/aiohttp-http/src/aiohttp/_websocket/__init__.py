"""RFC 6455 (WebSocket) and RFC 7692 (permessage-deflate) for both roles.

``models``, ``frames``, ``masking`` and ``handshake`` turn bytes into values and back and know no
event loop; ``message_queue``, ``writer`` and ``session`` drive them on one.
"""
