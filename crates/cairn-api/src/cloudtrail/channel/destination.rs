//! Where the events of a channel go.

use serde::{Deserialize, Serialize};

use super::event_data_store;
use super::fault::ChannelFault;
use crate::Ctx;

/// The one type of destination that a caller may choose: the other one is for channels that
/// services of AWS make (documented).
const EVENT_DATA_STORE: &str = "EVENT_DATA_STORE";

/// A destination as the interface has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Destination {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    pub(crate) location: String,
}

/// Checks what a call asks for; the ARNs of the stores.
pub(crate) fn read(ctx: &Ctx, asked: &[Destination]) -> Result<Vec<String>, ChannelFault> {
    let mut stores: Vec<String> = Vec::with_capacity(asked.len());
    for Destination { kind, location } in asked {
        if kind != EVENT_DATA_STORE {
            let rule = format!("A destination of the type {kind} cannot be chosen.");
            return Err(ChannelFault::Parameter { rule });
        }
        let store = event_data_store::find(ctx, location)?;
        if stores.contains(&store) {
            let rule = format!("The destination {location} is specified more than once.");
            return Err(ChannelFault::Parameter { rule });
        }
        stores.push(store);
    }
    Ok(stores)
}

/// Destinations as the interface has them.
pub(crate) fn shown(stores: &[String]) -> Vec<Destination> {
    let shown =
        |store: &String| Destination { kind: EVENT_DATA_STORE.to_owned(), location: store.clone() };
    stores.iter().map(shown).collect()
}
