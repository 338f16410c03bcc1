//! Two distributions side by side, as bars of an SVG that takes its colours from the page.

use super::{escape, number};
use crate::compare::verdict::{Bins, Distribution};
use std::fmt::Write;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 180.0;
const ROW: f64 = 22.0;
const LABEL: f64 = 150.0;
const CHARS_MAX: usize = 22;

pub(super) fn draw(out: &mut String, distribution: &Distribution) {
    match &distribution.bins {
        Bins::Edges(edges) => histogram(out, edges, distribution),
        Bins::Levels(names) => levels(out, names, distribution),
    }
}

fn tallest(distribution: &Distribution) -> f64 {
    let shares = distribution.reference.iter().chain(&distribution.current);
    shares.copied().fold(1e-9, f64::max)
}

/// A pair of bars per bin, the reference's left of the current one's.
fn histogram(out: &mut String, edges: &[f64], distribution: &Distribution) {
    let scale = HEIGHT / tallest(distribution);
    let bin = WIDTH / distribution.reference.len().max(1) as f64;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"histogram of both sides\">",
        HEIGHT + 20.0
    );
    for (class, shares, offset) in [
        ("reference", &distribution.reference, 0.06),
        ("current", &distribution.current, 0.5),
    ] {
        let _ = write!(out, "<path class=\"{class}\" d=\"");
        for (place, share) in shares.iter().enumerate() {
            let (x, height, width) = ((place as f64 + offset) * bin, share * scale, bin * 0.44);
            let _ = write!(out, "M{x:.1} {HEIGHT}v-{height:.1}h{width:.1}v{height:.1}z");
        }
        out.push_str("\"/>");
    }
    if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
        let y = HEIGHT + 15.0;
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{y}\">{}</text><text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
            number(*first),
            number(*last)
        );
    }
    out.push_str("</svg>");
}

/// A row per level, the reference's bar above the current one's.
fn levels(out: &mut String, names: &[String], distribution: &Distribution) {
    let scale = (WIDTH - LABEL) / tallest(distribution);
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"shares of both sides\">",
        ROW * names.len() as f64 + 4.0
    );
    for (place, name) in names.iter().enumerate() {
        let y = place as f64 * ROW;
        let mut shown: String = name.chars().take(CHARS_MAX).collect();
        if shown.len() < name.len() {
            shown.push('…');
        }
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            LABEL - 6.0,
            y + 14.0,
            escape(&shown)
        );
        for (class, shares, top) in [
            ("reference", &distribution.reference, 2.0),
            ("current", &distribution.current, 11.0),
        ] {
            let share = shares.get(place).copied().unwrap_or(0.0);
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{LABEL}\" y=\"{}\" width=\"{:.1}\" height=\"8\"><title>{:.4}</title></rect>",
                y + top,
                (share * scale).max(0.5),
                share
            );
        }
    }
    out.push_str("</svg>");
}
