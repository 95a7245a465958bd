"""HTTP: connections, request bodies, uploads, access, problems."""
