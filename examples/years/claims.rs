//! Whose a card is, as far as the program can know.

use crate::door::Card;
use crate::ledger::{Human, Known};
use crate::life::Life;

/// The owner of a card, as the program knows them. Every card carries its owner's name, so nobody else can
/// lay claim to it, whatever e-mails are shared: a write that follows from another member's word is wrong.
pub struct Claim<'a> {
    pub organisation: usize,
    pub known: &'a Known,
    /// Whether they may, and whether they must, be taken to have vanished.
    pub vanished: (bool, bool),
    /// Whether the program can be expected to link them. Of two who share an e-mail it links neither
    /// anew, and the one who took the other's is left out for as long as that lasts.
    pub is_sure: bool,
}

impl Life {
    /// Who lays claim to a card.
    pub fn claim(&self, card: &Card, owner: usize) -> Claim<'_> {
        let human = &self.world.humans[owner];
        let desk = crate::outside::open(&self.world.desks[human.organisation]);
        let told = human.known.told.as_ref().and_then(|told| told.member.email.as_ref());
        let is_found = told.is_some_and(|told| self.email_of(card, human) == Some(told.as_str()));
        Claim {
            organisation: human.organisation,
            known: &human.known,
            vanished: human.known.vanished(desk.complete_at),
            is_sure: !self.is_another_s(card, human)
                && (human.tangled_with.is_none() || card.is_linked && is_found),
        }
    }

    /// Whether the link file leads somebody else to a card that was renumbered.
    pub fn is_another_s(&self, card: &Card, owner: &Human) -> bool {
        self.world.club.by_file && card.no != owner.no
    }

    /// The e-mail by which the program finds a card.
    pub fn email_of<'a>(&self, card: &'a Card, owner: &'a Human) -> Option<&'a str> {
        if self.world.club.by_file {
            owner.card_email.as_deref().filter(|_| card.no == owner.no)
        } else {
            card.email.as_deref()
        }
    }
}
