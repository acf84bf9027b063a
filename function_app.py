"""What the Functions host loads: registers the blueprints."""

import gc
import os

# Nothing that is loaded is garbage: looking for some while modules are built is a tenth of a cold start.
gc.disable()

import azure.functions as func

from functions import (
    descriptions,
    directory,
    erasures,
    exports,
    feedback,
    frontends,
    held,
    index,
    insights,
    intake,
    leads,
    mail_reports,
    meta,
    notifications,
    operator,
    partner,
    queues,
    senders,
    sources,
    timers,
    webhooks,
    workspace,
)
from shared import heap, logs, telemetry

# The worker has its handlers by now.
logs.show_extras()
telemetry.start(os.environ)
BLUEPRINTS = (
    descriptions.blueprint,
    directory.blueprint,
    erasures.blueprint,
    exports.blueprint,
    feedback.blueprint,
    frontends.blueprint,
    held.blueprint,
    insights.blueprint,
    intake.blueprint,
    leads.blueprint,
    mail_reports.blueprint,
    meta.blueprint,
    notifications.blueprint,
    operator.blueprint,
    partner.blueprint,
    queues.blueprint,
    senders.blueprint,
    sources.blueprint,
    timers.blueprint,
    webhooks.blueprint,
    workspace.blueprint,
)
index.serve(BLUEPRINTS)
app = func.FunctionApp()
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
heap.settle()
