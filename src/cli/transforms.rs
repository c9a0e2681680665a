//! `transforms`: what can be done to a value, from the registry that mappings use.

use serde_json::json;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::transform::{TransformSpec, registry};

use super::args::Json;
use super::output::{self, Table, say};

/// Lists the transforms, or explains one.
pub(super) fn transforms(name: Option<&str>, form: Json) -> Result<u8, Problem> {
    if let Some(name) = name {
        let spec = registry()
            .iter()
            .find(|spec| spec.name == name)
            .ok_or_else(|| {
                Problem::new(
                    ProblemKind::NotFound,
                    format!("there is no transform '{name}'"),
                )
                .hint("signalsmith transforms lists them")
            })?;
        return explain(spec, form);
    }
    if form.json {
        let all: Vec<_> = registry().iter().map(as_json).collect();
        output::json(&all)?;
        return Ok(0);
    }
    let mut table = Table::new(&["TRANSFORM", "FAMILY", "WHAT IT DOES"]);
    for spec in registry() {
        table.row(vec![
            spec.name.to_owned(),
            spec.family.word().to_owned(),
            spec.help.to_owned(),
        ]);
    }
    table.print();
    Ok(0)
}

fn as_json(spec: &TransformSpec) -> serde_json::Value {
    let parameters: Vec<_> = spec
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "type": parameter.kind.to_string(),
                "required": parameter.required,
                "default": parameter.default,
                "help": parameter.help,
            })
        })
        .collect();
    json!({
        "name": spec.name,
        "family": spec.family.word(),
        "help": spec.help,
        "parameters": parameters,
        "example": {
            "input": spec.example.input,
            "parameters": spec.example.parameters,
            "output": spec.example.output,
        },
    })
}

fn explain(spec: &TransformSpec, form: Json) -> Result<u8, Problem> {
    if form.json {
        output::json(&as_json(spec))?;
        return Ok(0);
    }
    say(format!(
        "{} ({}): {}",
        spec.name,
        spec.family.word(),
        spec.help
    ));
    for parameter in spec.parameters {
        let default = match parameter.default {
            "" if parameter.required => "required".to_owned(),
            "" => "optional".to_owned(),
            default => format!("default {default}"),
        };
        let kind = parameter.kind;
        say(format!(
            "  {} ({kind}, {default}): {}",
            parameter.name, parameter.help
        ));
    }
    let example = &spec.example;
    say(format!(
        "  example: {} {} → {}",
        example.input, example.parameters, example.output
    ));
    Ok(0)
}
