//! The store's schema, as the list of steps that made it.

use fettle_db::Migration;

pub static MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "foundation",
        sql: include_str!("../migrations/0001_foundation.sql"),
    },
    Migration {
        version: 2,
        name: "traces",
        sql: include_str!("../migrations/0002_traces.sql"),
    },
    Migration {
        version: 3,
        name: "webhooks",
        sql: include_str!("../migrations/0003_webhooks.sql"),
    },
    Migration {
        version: 4,
        name: "evaluation",
        sql: include_str!("../migrations/0004_evaluation.sql"),
    },
    Migration {
        version: 5,
        name: "monitoring",
        sql: include_str!("../migrations/0005_monitoring.sql"),
    },
    Migration {
        version: 6,
        name: "span_segments",
        sql: include_str!("../migrations/0006_span_segments.sql"),
    },
    Migration {
        version: 7,
        name: "endpoints",
        sql: include_str!("../migrations/0007_endpoints.sql"),
    },
    Migration {
        version: 8,
        name: "search_order",
        sql: include_str!("../migrations/0008_search_order.sql"),
    },
    Migration {
        version: 9,
        name: "serving",
        sql: include_str!("../migrations/0009_serving.sql"),
    },
    Migration {
        version: 10,
        name: "run_summaries",
        sql: include_str!("../migrations/0010_run_summaries.sql"),
    },
    Migration {
        version: 11,
        name: "baseline_samples",
        sql: include_str!("../migrations/0011_baseline_samples.sql"),
    },
    Migration {
        version: 12,
        name: "baseline_states",
        sql: include_str!("../migrations/0012_baseline_states.sql"),
    },
];
