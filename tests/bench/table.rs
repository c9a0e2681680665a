//! What is printed: each case as it was measured, each budget with its ratio and whether it is
//! reached, and all budgets once more at the end.

use std::cell::RefCell;

use crate::measure::Measured;

/// A limit, with what was measured in its unit.
#[derive(Debug, Clone)]
pub struct Budget {
    /// What was measured.
    pub is: f64,
    /// The limit.
    pub limit: f64,
    /// The unit: `MB`, `x reading and hashing`.
    pub unit: &'static str,
    /// Whether the limit is the least that must be reached.
    pub at_least: bool,
    /// Whether the README tells of it.
    is_headline: bool,
}

impl Budget {
    pub fn at_most(is: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            is,
            limit,
            unit,
            at_least: false,
            is_headline: false,
        }
    }

    pub fn at_least(is: f64, limit: f64, unit: &'static str) -> Self {
        Self {
            at_least: true,
            ..Self::at_most(is, limit, unit)
        }
    }

    /// Has the README tell of it.
    pub fn headline(self) -> Self {
        Self {
            is_headline: true,
            ..self
        }
    }

    fn holds(&self) -> bool {
        if self.at_least {
            self.is >= self.limit
        } else {
            self.is <= self.limit
        }
    }

    fn verdict(&self) -> &'static str {
        if self.holds() { "reached" } else { "missed" }
    }

    fn measured(&self) -> String {
        format!("{} {}", short(self.is), self.unit)
    }

    fn allowed(&self) -> String {
        let sign = if self.at_least { "at least" } else { "at most" };
        format!("{sign} {}", short(self.limit))
    }
}

/// A number with as many digits as one can use.
fn short(number: f64) -> String {
    let digits = match number.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

struct Kept {
    case: String,
    budget: Budget,
    told: Measured,
}

/// The table while it grows.
pub struct Table {
    kept: RefCell<Vec<Kept>>,
    markdown: bool,
    title: String,
}

impl Table {
    /// Begins the table; `markdown` gives the headlines in the README's form at the end.
    pub fn new(title: &str, markdown: bool) -> Self {
        println!("\n{title}; the fastest round of each case; peak memory of its own process\n");
        println!(
            "{:<60} {:>8} {:>8} {:>8} {:>7}",
            "case", "s", "cpu s", "us/row", "MB"
        );
        println!("{}", "-".repeat(96));
        Self {
            kept: RefCell::default(),
            markdown,
            title: title.to_owned(),
        }
    }

    /// Prints one case: its figures, its budgets, then what else is to be said.
    pub fn case(&self, name: &str, told: &Measured, budgets: &[Budget], notes: &[String]) {
        println!(
            "{name:<60} {:>8.2} {:>8.2} {:>8.2} {:>7.0}",
            told.wall,
            told.cpu,
            told.us_a_row(),
            told.peak_mb
        );
        for budget in budgets {
            self.budget(name, told, budget);
        }
        for note in notes {
            println!("    {note}");
        }
    }

    fn budget(&self, name: &str, told: &Measured, budget: &Budget) {
        let (verdict, measured) = (budget.verdict(), budget.measured());
        println!("    {verdict:<8} {measured} ({})", budget.allowed());
        self.kept.borrow_mut().push(Kept {
            case: name.to_owned(),
            budget: budget.clone(),
            told: told.clone(),
        });
    }

    /// Prints that a case was not measured.
    pub fn absent(&self, name: &str, why: &str) {
        println!("{name:<60} not measured: {why}");
    }

    /// Prints how many budgets are reached, which are not, and the README's form where it is wanted.
    pub fn end(&self) {
        let kept = self.kept.borrow();
        let (reached, missed): (Vec<_>, Vec<_>) = kept.iter().partition(|it| it.budget.holds());
        println!(
            "\n{} budgets: {} reached, {} missed",
            kept.len(),
            reached.len(),
            missed.len()
        );
        for it in missed {
            let (measured, allowed) = (it.budget.measured(), it.budget.allowed());
            println!("    missed   {}: {measured} ({allowed})", it.case);
        }
        if !self.markdown {
            return;
        }
        println!("\n{}:\n", self.title);
        println!("| | measured | budget | time | memory |");
        println!("|---|---|---|---|---|");
        for it in kept.iter().filter(|it| it.budget.is_headline) {
            println!(
                "| {} | **{}** | {}, {} | {:.2} s | {:.0} MB |",
                it.case,
                it.budget.measured(),
                it.budget.allowed(),
                it.budget.verdict(),
                it.told.wall,
                it.told.peak_mb
            );
        }
    }
}

/// Says where a case's time went.
pub fn parts(told: &Measured) -> String {
    let parts = told.parts.iter();
    let parts: Vec<String> = parts
        .map(|(name, seconds)| format!("{name} {seconds:.2}"))
        .collect();
    parts.join(", ")
}
