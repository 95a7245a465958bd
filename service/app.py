"""The deployable application: ``uvicorn service.app:app``, or ``protvox serve``.

Everything lies in `protvox.service`; settings are read from ``PROTVOX_SERVICE_*``.
"""

from protvox.service.app import create_app

app = create_app()
