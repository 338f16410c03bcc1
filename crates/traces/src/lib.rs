//! Spans of traces: read from OpenTelemetry, kept in compact blocks, searched, and written as MLflow writes them.
