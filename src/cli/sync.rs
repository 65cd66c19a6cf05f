//! What was typed behind `sync`, of which `diff` takes a part.

use std::str::FromStr;

use clap::Args;

use crate::engine::gather::AcceptLink;
use crate::model::{RecordId, TargetName};

/// Flags that `sync` and `diff` share.
#[derive(Debug, Clone, Args)]
pub struct LookArgs {
    /// Ask Cardskipper for everybody and read every person of every door.
    #[arg(long)]
    pub full: bool,
    /// Limit the changes to this member or person; may be given several times.
    #[arg(long, value_name = "WHO")]
    pub only: Vec<String>,
}

/// Flags of `sync`.
#[derive(Debug, Clone, Args)]
pub struct SyncArgs {
    /// How much to look at.
    #[command(flatten)]
    pub look: LookArgs,
    /// Accept a complete listing that shrank to exactly this many members, or a rights-file that shrank to
    /// exactly this many rights.
    #[arg(long, value_name = "N")]
    pub accept_shrink: Option<usize>,
    /// Believe a door that was replaced or cleaned up, if it holds exactly this many persons.
    #[arg(long, value_name = "DEVICE=PERSONS")]
    pub accept_device: Vec<AcceptDevice>,
    /// Link a person on a door to the member with this number, although the names differ.
    #[arg(long, value_name = "DEVICE=PERSON:MEMBER")]
    pub accept_link: Vec<AcceptLink>,
}

/// One `--accept-link`. A person's id may hold any character, so the last colon counts.
impl FromStr for AcceptLink {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "write the name of a door, = and a person id, : and a member number: \
                      front-door=1001:150002";
        let (device, rest) = text.split_once('=').ok_or(wanted)?;
        let (person, number) = rest.rsplit_once(':').ok_or(wanted)?;
        let device = TargetName::new(device).map_err(|_| wanted)?;
        let employee_no = RecordId::new(person).map_err(|_| wanted)?;
        Ok(Self { device, employee_no, number: number.parse().map_err(|_| wanted)? })
    }
}

/// One `--accept-device`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptDevice {
    /// Which device.
    pub device: TargetName,
    /// How many persons it holds.
    pub persons: usize,
}

impl FromStr for AcceptDevice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "write the name of a door, = and how many persons it holds: front-door=412";
        let (device, persons) = text.split_once('=').ok_or(wanted)?;
        let device = TargetName::new(device).map_err(|_| wanted)?;
        Ok(Self { device, persons: persons.parse().map_err(|_| wanted)? })
    }
}
