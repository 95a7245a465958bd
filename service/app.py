"""The deployable ASGI application: ``uvicorn service.app:app``.

All code is in `protvox.service`; settings come from ``PROTVOX_SERVICE_*``. ``protvox serve`` also
limits connections and checks the address, see ``README.md`` in this folder.
"""

from protvox.service.app import create_app

app = create_app()
