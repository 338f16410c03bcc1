//! What a command prints on standard output: a table for people, JSON or tab-separated values for programs.

use anyhow::Result;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Tsv,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    /// How to print the result
    #[arg(long, short = 'o', value_enum, default_value = "table")]
    output: Format,
}

impl OutputArgs {
    pub(crate) fn is_for_people(&self) -> bool {
        self.output == Format::Table
    }

    /// Prints `rows`, or `whole` as it came from the server.
    pub(crate) fn print(&self, headers: &[&str], rows: &[Vec<String>], whole: &Value) -> Result<()> {
        match self.output {
            Format::Json => println!("{}", serde_json::to_string_pretty(whole)?),
            Format::Tsv => {
                println!("{}", headers.join("\t"));
                for row in rows {
                    println!(
                        "{}",
                        row.iter()
                            .map(|cell| cell.replace(['\t', '\n'], " "))
                            .collect::<Vec<_>>()
                            .join("\t")
                    );
                }
            }
            Format::Table => {
                let mut table = Table::new();
                table
                    .load_style(presets::UTF8_HORIZONTAL_ONLY)
                    // Long cells are wrapped to fit the terminal, if it is one.
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_header(headers);
                table.add_rows(rows);
                println!("{table}");
            }
        }
        Ok(())
    }
}
