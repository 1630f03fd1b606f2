//! How the owner's commands get at what the server keeps.

use std::path::Path;
use std::sync::Arc;

use datafly_server::config::{Config, Contact, Secrets};
use datafly_server::owner::Owner;
use datafly_server::wiring::{self, Outside, StartError};
use datafly_store::StoreError;

use super::Failure;

/// What this process's environment and files give.
pub(super) fn secrets() -> Secrets {
    Secrets::new(std::env::vars())
}

/// Asks the running server of a configuration, or opens the files where there is none.
pub(super) async fn reach(config: &Path) -> Result<Owner, Failure> {
    let secrets = secrets();
    let outside = Outside::system()?;
    let contact = Contact::load(config, &secrets)?;
    if let Some(owner) = Owner::of_server(&contact, Arc::clone(&outside.transport)).await? {
        return Ok(owner);
    }
    if !contact.data_dir.is_dir() {
        let folder = contact.data_dir.display();
        return Err(format!(
            "`server.data_dir` is `{folder}`, where there is nothing: no server of this \
                            configuration has run here"
        )
        .into());
    }
    match wiring::build(Config::load(config, &secrets)?, &outside) {
        Ok(app) => Ok(Owner::of_files(app)),
        Err(StartError::Store(StoreError::InUse)) => Err(held(&contact).into()),
        Err(error) => Err(error.into()),
    }
}

/// Asks the running server of a configuration, if one runs.
pub(super) async fn of_server(config: &Path) -> Result<Option<Owner>, Failure> {
    let contact = Contact::load(config, &secrets())?;
    Ok(Owner::of_server(&contact, Outside::system()?.transport).await?)
}

fn held(contact: &Contact) -> String {
    let folder = contact.data_dir.display();
    match &contact.admin {
        Some(admin) => format!(
            "another process holds `{folder}`, and nobody answers at {} (`server.admin.listen`): if the \
             server was started with another address, restart it, or else wait for it to start or to end",
            admin.listen
        ),
        None => format!(
            "a server holds `{folder}` and has no admin listener to be asked by: add [server.admin] and \
             restart it, or stop it first"
        ),
    }
}
