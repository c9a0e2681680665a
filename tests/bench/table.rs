//! The table that is printed: what was measured, what the budget allows, and whether it holds.

use crate::measure::Measured;

/// A limit of performance.md, with what was measured in its unit.
pub struct Budget {
    /// What was measured.
    pub is: f64,
    /// The limit.
    pub limit: f64,
    /// The unit, `x` for ratios.
    pub unit: &'static str,
    /// Whether the limit is the least that must be reached.
    pub at_least: bool,
}

impl Budget {
    pub fn at_most(is: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            is,
            limit,
            unit,
            at_least: false,
        }
    }

    pub fn at_least(is: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            is,
            limit,
            unit,
            at_least: true,
        }
    }

    fn holds(&self) -> bool {
        if self.at_least {
            self.is >= self.limit
        } else {
            self.is <= self.limit
        }
    }
}

/// Prints the head.
pub fn head(rows: u64) {
    println!("\n{rows} rows; the fastest round of each case; peak memory of its own process\n");
    println!(
        "{:<52} {:>8} {:>8} {:>8} {:>7}  budget",
        "case", "s", "cpu s", "us/row", "MB"
    );
    println!("{}", "-".repeat(118));
}

/// Prints one case with its budgets.
pub fn line(name: &str, told: &Measured, budgets: &[Budget]) {
    let budgets: Vec<String> = budgets.iter().map(told_budget).collect();
    println!(
        "{name:<52} {:>8.2} {:>8.2} {:>8.2} {:>7.0}  {}",
        told.wall,
        told.cpu,
        told.us_a_row(),
        told.peak_mb,
        budgets.join("; ")
    );
}

/// Prints where a case's time went.
pub fn parts(told: &Measured) {
    if told.parts.is_empty() {
        return;
    }
    let parts = told.parts.iter();
    let parts: Vec<String> = parts
        .map(|(name, seconds)| format!("{name} {seconds:.2}"))
        .collect();
    println!("    {}", parts.join(", "));
}

/// Prints that a case was not measured.
pub fn absent(name: &str, why: &str) {
    println!("{name:<52} {why}");
}

fn told_budget(budget: &Budget) -> String {
    let sign = if budget.at_least { ">=" } else { "<=" };
    let verdict = if budget.holds() { "ok" } else { "MISSED" };
    format!(
        "{:.2} {unit} ({sign} {} {unit}) {verdict}",
        budget.is,
        budget.limit,
        unit = budget.unit
    )
}
