"""Tasks: one folder each with everything that makes a model predict something.

To add a task, subclass `protvox.tasks.base.Task` and register it, see
`protvox.registry.tasks`. `protvox.tasks.environment` is the shorter of the two examples here.
"""
