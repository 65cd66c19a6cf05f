//! What was typed behind `init`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::model::TargetName;

/// Flags of `init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Print the sample configuration, with every key there is, and do nothing else.
    #[arg(long, exclusive = true)]
    pub print: bool,
    /// Write the files into this folder [default: the working folder]; --config names the file there.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The address of Cardskipper's API [default: the real one].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The number of the organisation in Cardskipper.
    #[arg(long, value_name = "N")]
    pub organisation: Option<String>,
    /// The login for Cardskipper's API.
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// A file that holds its password and nothing else.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// A door: a name of your own choice, and its address; may be given several times.
    #[arg(long = "door", value_name = "NAME=URL")]
    pub doors: Vec<NewDoor>,
    /// The login on the doors [default: admin].
    #[arg(long, value_name = "NAME")]
    pub door_username: Option<String>,
    /// A file that holds its password and nothing else: one for all doors, or given once for each, in the
    /// order of the doors.
    #[arg(long, value_name = "FILE")]
    pub door_password_file: Vec<PathBuf>,
    /// The list of persons, XLSX or CSV, with a person id and an e-mail in each row.
    #[arg(long, value_name = "FILE")]
    pub persons: Option<PathBuf>,
    /// The club's time zone [default: this computer's].
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// A role that opens the doors; may be given several times [default: every role].
    #[arg(long = "role", value_name = "ID")]
    pub roles: Vec<String>,
    /// Ask nothing that has a default, and pin the certificates that the doors show.
    #[arg(long)]
    pub yes: bool,
}

/// One `--door`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDoor {
    pub name: TargetName,
    pub url: String,
}

impl FromStr for NewDoor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = "write a name (letters, digits, - and _), = and the address of the door: \
                      front-door=https://192.168.1.100";
        let (name, url) = text.split_once('=').ok_or(wanted)?;
        Ok(Self { name: TargetName::new(name).map_err(|_| wanted)?, url: url.to_owned() })
    }
}
