"""The product's name in telemetry, and its version, as CHANGELOG.md and `GET /health` say it."""

NAME = "partner-leads"
VERSION = "0.1.0"
