//! Lines proposed by name: exact, then blind to case and separators, then by synonym.

use std::collections::HashSet;

use super::{FieldMapping, ValueSource};
use crate::domain::destination::ObjectSchema;
use crate::domain::model::Model;

/// Names for the same thing, in [`folded`] form.
const SYNONYMS: [&[&str]; 19] = [
    &["email", "emailaddress", "mail", "emailid", "useremail"],
    &["phone", "phonenumber", "telephone", "tel", "phoneno"],
    &["mobile", "mobilephone", "cell", "cellphone", "mobilenumber"],
    &["firstname", "givenname", "forename", "fname"],
    &["lastname", "surname", "familyname", "lname"],
    &["name", "fullname", "displayname"],
    &[
        "company",
        "companyname",
        "organization",
        "organisation",
        "account",
        "accountname",
    ],
    &[
        "street",
        "address",
        "addressline1",
        "streetaddress",
        "mailingstreet",
    ],
    &["city", "town", "locality", "mailingcity"],
    &[
        "zip",
        "zipcode",
        "postalcode",
        "postcode",
        "plz",
        "mailingpostalcode",
    ],
    &["state", "region", "province", "mailingstate"],
    &["country", "countrycode", "mailingcountry"],
    &["birthday", "birthdate", "dateofbirth", "dob"],
    &["website", "url", "homepage", "webaddress"],
    &["jobtitle", "title", "position"],
    &[
        "createdat",
        "createddate",
        "created",
        "createdon",
        "creationdate",
    ],
    &[
        "updatedat",
        "modifiedat",
        "updated",
        "updatedon",
        "lastmodified",
    ],
    &["ltv", "lifetimevalue", "customerlifetimevalue"],
    &["externalid", "externalkey", "foreignid"],
];

/// Small letters and digits only, without the mark of a custom field (`Plan_Name__c`).
fn folded(name: &str) -> String {
    let name = name.strip_suffix("__c").unwrap_or(name);
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn group(folded: &str) -> Option<usize> {
    SYNONYMS.iter().position(|names| names.contains(&folded))
}

/// Pairs of column and field that the mapping lacks, in the order of the model's columns.
///
/// Each column and each field is proposed once; better likeness goes first. An open object takes
/// what is left under the column's own name.
pub fn suggest(
    model: &Model,
    schema: &ObjectSchema,
    mapped: &[FieldMapping],
) -> Vec<(String, String)> {
    let used_columns: HashSet<&str> = mapped
        .iter()
        .filter_map(|mapping| match &mapping.source {
            ValueSource::Column(column) => Some(column.as_str()),
            _ => None,
        })
        .collect();
    let mut used_fields: HashSet<&str> = mapped
        .iter()
        .map(|mapping| mapping.destination_field.as_str())
        .collect();
    let mut found: Vec<Option<&str>> = vec![None; model.columns.len()];
    for likeness in [exact, blind, synonym] {
        for (column, found) in model.columns.iter().zip(&mut found) {
            if found.is_some() || used_columns.contains(column.name.as_str()) {
                continue;
            }
            *found = schema
                .fields
                .iter()
                .filter(|field| field.creatable || field.updatable || field.identifier)
                .map(|field| field.name.as_str())
                .find(|field| !used_fields.contains(field) && likeness(&column.name, field));
            used_fields.extend(*found);
        }
    }
    model
        .columns
        .iter()
        .zip(found)
        .filter(|(column, _)| !used_columns.contains(column.name.as_str()))
        .filter_map(|(column, field)| {
            let own_name = (schema.open && !used_fields.contains(column.name.as_str()))
                .then_some(column.name.as_str());
            Some((column.name.clone(), field.or(own_name)?.to_owned()))
        })
        .collect()
}

fn exact(column: &str, field: &str) -> bool {
    column == field
}

fn blind(column: &str, field: &str) -> bool {
    let column = folded(column);
    !column.is_empty() && column == folded(field)
}

fn synonym(column: &str, field: &str) -> bool {
    let group_of_column = group(&folded(column));
    group_of_column.is_some() && group_of_column == group(&folded(field))
}
