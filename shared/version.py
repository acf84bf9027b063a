"""The product's version, as CHANGELOG.md and `GET /health` say it."""

VERSION = "0.1.0"
