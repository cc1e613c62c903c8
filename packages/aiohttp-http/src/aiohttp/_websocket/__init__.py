"""RFC 6455 (WebSocket) and RFC 7692 (permessage-deflate) for both roles.

``models``, ``frames``, ``masking`` and ``handshake`` turn bytes into values and back and know no
event loop; ``message_queue``, ``frame_writer``, ``heartbeat``, ``deflate`` and ``session`` drive
them on one.
``reader`` and ``writer`` choose between the pure and the compiled builds.
"""
