"""Child processes: how they are started, and the messages and structures they exchange.

`protvox.batch` and `protvox.service` share this protocol. Nothing that a child sends is unpickled.
"""
