//! `lookup document:ID`, `refund:ID` and `payment:ID`.

use super::named;
use crate::cmd::{Context, say_trouble};
use crate::engine::Systems;
use crate::engine::outbox::{Done, GivenBack, left_of};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AskedDocument, DocumentId, DocumentKind};
use crate::report::documents::{DocumentTold, of_done, of_failure};
use crate::report::parking::QuestionError;
use crate::report::payments::{PaymentAnswer, PaymentTold};
use crate::store::{DocumentKept, Store};

/// Answers. A payment is asked for where it was made, unless nobody is to be asked.
pub(in crate::cmd) fn run(
    context: &Context,
    systems: &dyn Systems,
    (who, asked): (&str, AskedDocument<'_>),
    is_offline: bool,
) -> Result<Exit, Error> {
    if context.config.recipients.is_empty() {
        return Err(QuestionError::NoRecipients.into());
    }
    let store = context.open_store_to_read_unchecked()?;
    let store = store.as_ref();
    let mut answer = PaymentAnswer::new(who);
    if let Some(store) = store {
        take(&mut answer, known(store, asked)?);
    }
    if let (AskedDocument::Payment(id), false) = (asked, is_offline)
        && let Ok(id) = DocumentId::new(id)
    {
        of_payment(context, systems, (store, &id), &mut answer)?;
    }
    let exit = answer.exit();
    answer.troubles.iter().for_each(say_trouble);
    match context.is_json {
        true => context.print_json(&answer.document())?,
        false => context.print(&answer.render(context.look))?,
    }
    Ok(exit)
}

/// The documents that are asked for: of a payment, its refunds as well.
pub(in crate::cmd) fn known(
    store: &Store,
    asked: AskedDocument<'_>,
) -> Result<Vec<DocumentKept>, Error> {
    let (id, kind) = match asked {
        AskedDocument::Document(id) => (id, None),
        AskedDocument::Refund(id) => (id, Some(DocumentKind::Refund)),
        AskedDocument::Payment(id) => (id, Some(DocumentKind::Payment)),
    };
    let mut found = named(store, id)?;
    found.retain(|one| kind.is_none_or(|kind| one.kind == kind));
    if let (AskedDocument::Payment(_), Ok(id)) = (asked, DocumentId::new(id)) {
        found.extend(store.outbox().refunds_of(&id)?);
    }
    Ok(found)
}

/// The payment, as every cashier that has it tells it.
fn of_payment(
    context: &Context,
    systems: &dyn Systems,
    (store, id): (Option<&Store>, &DocumentId),
    answer: &mut PaymentAnswer,
) -> Result<(), Error> {
    for to in context.config.recipients.iter().filter(|to| to.settings.has_payments()) {
        match systems.recipient(to).and_then(|there| there.payment(id)) {
            Ok(None) => {}
            Ok(Some(payment)) => {
                let given_back = match store {
                    Some(store) => GivenBack::of(&context.config, store, &to.name, id)?,
                    None => GivenBack::default(),
                };
                let left = left_of(&payment, None, &given_back);
                answer.payments.push(PaymentTold::new(&to.name, &payment, left));
            }
            Err(failure) => answer.troubles.push(of_failure(&to.name, &failure)),
        }
    }
    Ok(())
}

/// Tells documents, and what a person must know of them.
fn take(answer: &mut PaymentAnswer, found: Vec<DocumentKept>) {
    for kept in found {
        answer.documents.push(DocumentTold::from(&kept));
        // Nobody was asked.
        answer.troubles.extend(of_done(&Done::unasked(kept)));
    }
}
