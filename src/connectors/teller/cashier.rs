//! A cashier over HTTP.

use super::wire;
use crate::model::{Currency, DocumentId, DocumentKind};
use crate::net::service::{Answer, Service};
use crate::ports::{Class, Document, Failure, PaymentThere, Recipient, Standing, Subject, Survey};

/// One cashier.
#[derive(Debug)]
pub(super) struct Cashier {
    pub service: Service,
    pub currency: Currency,
}

/// Where documents of a kind are.
fn folder(kind: DocumentKind) -> &'static str {
    if kind == DocumentKind::Payment { "payments" } else { "refunds" }
}

impl Cashier {
    fn get(&self, folder: &str, id: &str) -> Result<Answer, Failure> {
        Ok(self.service.get(&format!("{folder}/{id}"))?)
    }
}

impl Recipient for Cashier {
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        let mut survey = Survey::default();
        if let Subject::Payment(id) = &document.subject {
            survey.payment = self.payment(id)?;
            match &survey.payment {
                None => {
                    let text = "the cashier knows no payment that it is a refund of";
                    survey.forbidden = Some(text.to_owned());
                }
                Some(payment) => {
                    let (forbidden, warning) = wire::judge_status(payment);
                    survey.forbidden = forbidden;
                    survey.warnings.extend(warning);
                }
            }
        }
        Ok(survey)
    }

    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        let answer = self.get(folder(document.kind), document.id.as_str())?;
        Ok(Standing::of_question(&answer, |body| wire::standing(body, document, &self.currency)))
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let answer = self.service.post_document(folder(document.kind), &document.bytes, key)?;
        let read = |body: &[u8]| wire::standing(body, document, &self.currency);
        let known = |body: &[u8]| wire::standing_of_known(body, document, &self.currency);
        let refusals = [
            (404, "the cashier knows no such payment"),
            (422, "the cashier cannot take it as it is (422): please report this as a fault"),
        ];
        Ok(Standing::of_delivery(&answer, (read, known), ("the cashier", &refusals)))
    }

    fn payment(&self, id: &DocumentId) -> Result<Option<PaymentThere>, Failure> {
        let answer = self.get("payments", id.as_str())?;
        match answer.status {
            404 => Ok(None),
            405 => Err(unaskable()),
            _ => wire::payment_there(&answer.body, id, &self.currency).map(Some).map_err(|error| {
                let text = format!("its answer about the payment cannot be relied on: {error}");
                Failure::new(Class::Refused, false, &text, None)
            }),
        }
    }

    fn try_login(&self) -> Result<(), Failure> {
        // Nobody has a payment of this name; that there is none was said to somebody who may ask.
        self.get("payments", "ivms-sync-check").map(drop)
    }
}

fn unaskable() -> Failure {
    let hint = "a refund cannot be judged without it; ask the cashier's operator";
    Failure::new(Class::Refused, false, &"payments cannot be asked for there", Some(hint))
}
