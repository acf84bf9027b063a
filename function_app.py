"""What the Functions host loads: registers the blueprints, nothing else."""

import azure.functions as func

from functions import exports, intake, leads, mail_reports, meta, notices, operator, partner, senders, timers, webhooks

app = func.FunctionApp()
for module in (exports, intake, leads, mail_reports, meta, notices, operator, partner, senders, timers, webhooks):
    app.register_functions(module.blueprint)
