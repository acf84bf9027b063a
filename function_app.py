"""What the Functions host loads: registers the blueprints, nothing else."""

import azure.functions as func

from functions import (
    descriptions,
    exports,
    intake,
    leads,
    mail_reports,
    meta,
    notices,
    operator,
    partner,
    senders,
    timers,
    webhooks,
)

MODULES = (
    descriptions,
    exports,
    intake,
    leads,
    mail_reports,
    meta,
    notices,
    operator,
    partner,
    senders,
    timers,
    webhooks,
)
BLUEPRINTS = tuple(module.blueprint for module in MODULES)
app = func.FunctionApp()
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
