//! `object`: the objects of a destination and their fields.

use crate::domain::command::{Command, Reply};
use crate::domain::destination::ObjectSchema;
use crate::domain::model::{Column, Role};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::value::Type;

use super::args::ObjectAction;
use super::context::{Context, unexpected};
use super::output::{self, Table, say};

/// Lists objects, shows fields, or makes an object.
pub(super) async fn object(context: &Context, action: ObjectAction) -> Result<u8, Problem> {
    match action {
        ObjectAction::List { destination, json } => {
            let objects = match context.ask(Command::Objects { destination }).await? {
                Reply::Objects(objects) => objects,
                other => return Err(unexpected(&other)),
            };
            if json.json {
                output::json(&objects)?;
            } else if objects.is_empty() {
                say("no objects yet: the first run of a sync makes the one that it names");
            }
            for object in objects.iter().filter(|_| !json.json) {
                say(&object.name);
            }
        }
        ObjectAction::Fields {
            destination,
            object,
            json,
        } => {
            let schema = schema(
                context
                    .ask(Command::Fields {
                        destination,
                        object,
                    })
                    .await?,
            )?;
            if json.json {
                output::json(&schema)?;
            } else {
                show(&schema);
            }
        }
        ObjectAction::Create {
            destination,
            object,
            fields,
            identifier,
        } => {
            let columns = fields
                .iter()
                .map(|field| column(field))
                .collect::<Result<_, _>>()?;
            let command = Command::CreateObject {
                destination,
                object,
                columns,
                identifier,
            };
            show(&schema(context.ask(command).await?)?);
        }
    }
    Ok(0)
}

fn schema(reply: Reply) -> Result<ObjectSchema, Problem> {
    match reply {
        Reply::Schema(schema) => Ok(schema),
        other => Err(unexpected(&other)),
    }
}

fn column(text: &str) -> Result<Column, Problem> {
    let parts = text.split_once(':');
    let kind = parts.and_then(|(name, word)| Some((name, Type::from_word(word)?)));
    let (name, kind) = kind.ok_or_else(|| {
        let words: Vec<&str> = Type::ALL.iter().map(|kind| kind.word()).collect();
        Problem::new(
            ProblemKind::Usage,
            format!("'{text}' is not a field as NAME:TYPE"),
        )
        .hint(format!("the types are {}", words.join(", ")))
    })?;
    Ok(Column {
        name: name.to_owned(),
        kind,
        role: Role::Attribute,
        declared: true,
        database_type: None,
    })
}

fn show(schema: &ObjectSchema) {
    let mut table = Table::new(&["FIELD", "TYPE", "", ""]);
    for field in &schema.fields {
        let required = if field.required { "required" } else { "" };
        let identifier = if field.identifier { "identifier" } else { "" };
        table.row(vec![
            field.name.clone(),
            field.kind.to_string(),
            required.to_owned(),
            identifier.to_owned(),
        ]);
    }
    if !table.is_empty() {
        table.print();
    }
    match (schema.exists, schema.open) {
        (false, _) => say(format!(
            "{} is not there yet: the first run makes it",
            schema.object.name
        )),
        (true, true) => say("any other field can be mapped too"),
        (true, false) => {}
    }
}
