//! Secrets by reference: an environment variable, a file, the output of a command.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;

use secrecy::SecretString;

use crate::domain::destination::SecretRef;
use crate::domain::problem::{Problem, ProblemKind};

/// Finds the text of a secret; relative paths start from `base`.
///
/// # Errors
/// A [`Problem`] of kind `config` that never holds the secret: the variable is not set, the file
/// is missing or open to others, the command failed, or the secret is a stored one.
pub async fn resolve(reference: &SecretRef, base: &Path) -> Result<SecretString, Problem> {
    match reference {
        SecretRef::Env(name) => std::env::var(name).map(SecretString::from).map_err(|_| {
            wrong(format!(
                "the environment variable {name} is not set for the core"
            ))
        }),
        SecretRef::File(path) => read(&base.join(path)),
        SecretRef::Command(words) => run(words).await,
        SecretRef::Stored(_) => Err(wrong("the secret is kept in the store, not by reference")),
    }
}

fn wrong(text: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Config, text)
}

fn read(path: &Path) -> Result<SecretString, Problem> {
    let cannot = |error: std::io::Error| {
        wrong(format!(
            "cannot read the secret's file {}: {error}",
            path.display()
        ))
    };
    let meta = std::fs::metadata(path).map_err(cannot)?;
    if meta.mode() & 0o077 != 0 {
        return Err(wrong(format!(
            "the secret's file {} is open to others",
            path.display()
        ))
        .hint(format!("chmod 600 {}", path.display())));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    Ok(trimmed(&text))
}

fn trimmed(text: &str) -> SecretString {
    let text = text.strip_suffix('\n').unwrap_or(text);
    SecretString::from(text.strip_suffix('\r').unwrap_or(text))
}

async fn run(words: &[String]) -> Result<SecretString, Problem> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(wrong("the secret's command is empty"));
    };
    let (program, arguments) = (program.clone(), arguments.to_vec());
    let work = move || {
        let output = std::process::Command::new(&program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                wrong(format!(
                    "cannot run the secret's command {program}: {error}"
                ))
            })?;
        if !output.status.success() {
            return Err(wrong(format!(
                "the secret's command {program} ended with {}",
                output.status
            )));
        }
        let text = String::from_utf8(output.stdout)
            .map_err(|_| wrong(format!("the secret's command {program} did not give text")))?;
        Ok(trimmed(&text))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::new(ProblemKind::Internal, error.to_string()))?
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let reference = SecretRef::File("token".into());
        assert!(
            resolve(&reference, folder.path())
                .await
                .unwrap_err()
                .hint
                .contains("chmod 600")
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let secret = resolve(&reference, folder.path()).await.unwrap();
        assert_eq!(secret.expose_secret(), "hunter2");
    }

    #[tokio::test]
    async fn a_command_gives_its_output_and_its_failure_never_tells_it() {
        let folder = Path::new("/");
        let good = SecretRef::Command(vec!["printf".into(), "a b\n".into()]);
        assert_eq!(resolve(&good, folder).await.unwrap().expose_secret(), "a b");
        let bad = SecretRef::Command(vec!["false".into()]);
        assert!(resolve(&bad, folder).await.is_err());
    }
}
