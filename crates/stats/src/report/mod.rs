//! A comparison as one HTML file that needs nothing else: no script, no font, no picture from elsewhere.

mod chart;
mod words;

use crate::{
    compare::{
        rule::Profile,
        verdict::{ColumnVerdict, Comparison, State},
    },
    performance::{Measurement, Performance},
    quality::QualityVerdict,
};
use std::fmt::Write;
use words::{explain, number, percent, profile_words, shift_words, state_words};

const STYLE: &str = include_str!("style.css");

/// What stands in the head of a report.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    pub title: &'a str,
    pub reference: &'a str,
    pub current: &'a str,
    /// When it was made, as text.
    pub made_at: &'a str,
}

/// What a report is of.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    pub comparison: &'a Comparison,
    pub quality: &'a [QualityVerdict],
    /// Of the reference and of the current rows, where the truth is known.
    pub performance: Option<[&'a Performance; 2]>,
}

pub fn html(heading: &Heading<'_>, findings: &Findings<'_>) -> String {
    let Findings {
        comparison, quality, ..
    } = *findings;
    let mut out = String::with_capacity(8_000 + comparison.columns.len() * 6_000);
    let title = escape(heading.title);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let _ = write!(
        out,
        "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    head(&mut out, heading, &title, comparison);
    let violations: Vec<&QualityVerdict> = quality.iter().filter(|verdict| verdict.is_violation).collect();
    quality_section(&mut out, &violations, quality.len(), comparison);
    if let Some(sides) = findings.performance {
        performance_section(&mut out, sides);
    }
    out.push_str("<h2>Columns</h2>\n<p class=\"legend\"><span class=\"key reference\"></span> reference ");
    out.push_str(
        "<span class=\"key current\"></span> current. Open a column for its distributions and measures.</p>\n",
    );
    let mut columns: Vec<&ColumnVerdict> = comparison.columns.iter().collect();
    columns.sort_by(|a, b| rank(a.state).cmp(&rank(b.state)).then_with(|| a.column.cmp(&b.column)));
    for (place, column) in columns.into_iter().enumerate() {
        column_section(&mut out, column, place < 3 && column.state == State::Drift);
    }
    out.push_str(explain());
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn rank(state: State) -> u8 {
    match state {
        State::Drift => 0,
        State::ImmaterialChange => 1,
        State::InsufficientData => 2,
        State::NotCompared => 3,
        State::NoDrift => 4,
    }
}

fn head(out: &mut String, heading: &Heading<'_>, title: &str, comparison: &Comparison) {
    let (class, says) = if comparison.drifted {
        ("drift", "Drift")
    } else if comparison.compared_columns == 0 {
        ("insufficient_data", "Nothing could be judged")
    } else {
        ("no_drift", "No drift")
    };
    let _ = write!(
        out,
        "<header>\n<h1>{title}</h1>\n<p class=\"verdict {class}\">{says}</p>\n<dl class=\"files\"><dt>Reference</dt><dd>{} \
         <small>{} rows</small></dd><dt>Current</dt><dd>{} <small>{} rows</small></dd><dt>Rule</dt><dd>{}</dd><dt>Made</dt><dd>{}</dd></dl>\n",
        escape(heading.reference),
        group(comparison.reference_rows),
        escape(heading.current),
        group(comparison.current_rows),
        profile_words(comparison.profile),
        escape(heading.made_at),
    );
    out.push_str("<ul class=\"tiles\">");
    for (count, name) in [
        (comparison.compared_columns, "columns judged"),
        (comparison.drifted_columns, "have drifted"),
        (comparison.immaterial_columns, "changed too little to matter"),
        (comparison.insufficient_columns, "had too few rows"),
    ] {
        let _ = write!(out, "<li><b>{count}</b>{name}</li>");
    }
    out.push_str("</ul>\n");
    if comparison.profile == Profile::Fettle
        && let Some(rate) = comparison.false_alarm_rate
    {
        let _ = writeln!(
            out,
            "<p>If nothing had drifted, this table would be said to have drifted at most {} of the time.</p>",
            percent(rate)
        );
    }
    out.push_str("</header>\n");
}

fn quality_section(out: &mut String, violations: &[&QualityVerdict], checked: usize, comparison: &Comparison) {
    if checked == 0 && comparison.missing_columns.is_empty() && comparison.new_columns.is_empty() {
        return;
    }
    out.push_str("<h2>Data quality</h2>\n");
    for (names, words) in [
        (&comparison.missing_columns, "The current data lack"),
        (&comparison.new_columns, "The reference lacks"),
    ] {
        if !names.is_empty() {
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("<code>{}</code>", escape(name)))
                .collect();
            let _ = writeln!(out, "<p>{words} {}.</p>", names.join(", "));
        }
    }
    if violations.is_empty() {
        let _ = writeln!(
            out,
            "<p>None of {checked} rates has risen beyond chance and margin.</p>"
        );
        return;
    }
    out.push_str("<table><thead><tr><th>column</th><th class=\"words\">rate</th><th>reference</th><th>current</th><th>adjusted p</th></tr></thead><tbody>\n");
    for verdict in violations {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            escape(&verdict.column),
            verdict.metric.name(),
            percent(verdict.reference_rate),
            percent(verdict.current_rate),
            number(verdict.adjusted_p_value),
        );
    }
    out.push_str("</tbody></table>\n");
}

fn performance_section(out: &mut String, [before, now]: [&Performance; 2]) {
    let _ = writeln!(
        out,
        "<h2>Performance</h2>\n<p>Of {} labels for {} predictions, and {} for {}; with 95 % intervals.</p>\n\
         <table><thead><tr><th>metric</th><th>reference</th><th>current</th></tr></thead><tbody>",
        group(before.labels),
        group(before.predictions),
        group(now.labels),
        group(now.predictions),
    );
    for (name, measured) in &before.metrics {
        let cell = |measured: &Measurement| {
            format!(
                "<td class=\"number\">{} <small>{} to {}</small></td>",
                number(measured.value),
                number(measured.low),
                number(measured.high)
            )
        };
        if let Some(other) = now.metrics.get(name) {
            let _ = writeln!(
                out,
                "<tr><td>{}</td>{}{}</tr>",
                escape(name),
                cell(measured),
                cell(other)
            );
        }
    }
    out.push_str("</tbody></table>\n");
}

fn column_section(out: &mut String, column: &ColumnVerdict, is_open: bool) {
    let state = column.state;
    let effect = column.effect.map_or_else(String::new, |effect| {
        format!("{} {}", effect.metric.name(), number(effect.value))
    });
    let _ = write!(
        out,
        "<details{}>\n<summary><span class=\"badge {}\">{}</span><span class=\"name\">{}</span><span class=\"effect\">{}</span></summary>\n<p>{}.</p>\n",
        if is_open { " open" } else { "" },
        state.name(),
        state_words(state),
        escape(&column.column),
        effect,
        escape(&column.reason),
    );
    if let Some(shift) = column.smallest_detectable_shift {
        let _ = writeln!(out, "<p class=\"power\">{}</p>", shift_words(shift));
    }
    out.push_str("<div class=\"sides\">");
    if let Some(distribution) = &column.distribution {
        chart::draw(out, distribution);
    }
    facts(out, column);
    out.push_str("</div>\n</details>\n");
}

/// The numbers of a column: both sides' summaries and all measures.
fn facts(out: &mut String, column: &ColumnVerdict) {
    out.push_str("<div><table><thead><tr><th></th><th>reference</th><th>current</th></tr></thead><tbody>");
    let (before, now) = (&column.reference, &column.current);
    let mut row = |name: &str, before: String, now: String| {
        let _ = write!(
            out,
            "<tr><td>{name}</td><td class=\"number\">{before}</td><td class=\"number\">{now}</td></tr>"
        );
    };
    row("rows", group(before.rows), group(now.rows));
    row("missing", group(before.missing), group(now.missing));
    row("distinct", group(before.distinct), group(now.distinct));
    for (name, before, now) in [
        ("mean", before.mean, now.mean),
        ("standard deviation", before.standard_deviation, now.standard_deviation),
        ("least", before.min, now.min),
        ("median", before.median, now.median),
        ("greatest", before.max, now.max),
    ] {
        if let (Some(before), Some(now)) = (before, now) {
            row(name, number(before), number(now));
        }
    }
    out.push_str("</tbody></table>\n<table><thead><tr><th>measure</th><th>value</th></tr></thead><tbody>");
    for (metric, value) in &column.measures {
        let suffix = if metric.is_p_value() { " (p)" } else { "" };
        let _ = write!(
            out,
            "<tr><td>{}{suffix}</td><td class=\"number\">{}</td></tr>",
            metric.name(),
            number(*value)
        );
    }
    if let Some(significance) = column.significance {
        let _ = write!(
            out,
            "<tr><td>rows tested</td><td class=\"number\">{} and {}{}</td></tr>",
            group(significance.reference_rows),
            group(significance.current_rows),
            if significance.is_sampled {
                ", drawn at random"
            } else {
                ""
            },
        );
    }
    out.push_str("</tbody></table></div>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Digits in groups of three.
fn group(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}
