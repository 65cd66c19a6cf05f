//! One member as the service keeps it. Dates are raw text, so that a test can serve any form.

/// A member of one or more organisations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// `OrganisationMemberId`; only together with the birth date an identity.
    pub number: u64,
    /// `Firstname`.
    pub first: String,
    /// `Lastname`.
    pub last: String,
    /// `Birthdate`, `YYYY-MM-DD` (then served in the form of the switch) or raw.
    pub birth_date: String,
    /// `Inactive`; left out when `None`, as in one of the vendor's samples.
    pub inactive: Option<bool>,
    /// `EMail`; left out when empty.
    pub email: String,
    /// `CellPhone1` and `CellPhone2`.
    pub phones: Vec<String>,
    /// Where the person is a member.
    pub organisations: Vec<Organisation>,
}

/// Membership in one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Organisation {
    /// `Id`.
    pub id: i64,
    /// Roles, in order.
    pub roles: Vec<Role>,
    /// Labels of tags.
    pub tags: Vec<String>,
}

/// One role with its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// `Id`.
    pub id: i64,
    /// `StartDate`, `YYYY-MM-DD` (then served in the form of the switch) or raw.
    pub start: String,
    /// `EndDate`, the last valid day, likewise.
    pub end: String,
}

impl Member {
    /// An active member without name, e-mail and role, born 1990-01-01.
    pub fn new(number: u64) -> Self {
        Self {
            number,
            first: String::new(),
            last: String::new(),
            birth_date: "1990-01-01".into(),
            inactive: Some(false),
            email: String::new(),
            phones: Vec::new(),
            organisations: Vec::new(),
        }
    }

    /// Sets both names.
    #[must_use]
    pub fn name(mut self, first: &str, last: &str) -> Self {
        self.first = first.into();
        self.last = last.into();
        self
    }

    /// Sets the birth date.
    #[must_use]
    pub fn born(mut self, birth_date: &str) -> Self {
        self.birth_date = birth_date.into();
        self
    }

    /// Sets the e-mail.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = email.into();
        self
    }

    /// Adds a phone.
    #[must_use]
    pub fn phone(mut self, phone: &str) -> Self {
        self.phones.push(phone.into());
        self
    }

    /// Sets `Inactive`; `None` leaves it out.
    #[must_use]
    pub fn inactive(mut self, inactive: Option<bool>) -> Self {
        self.inactive = inactive;
        self
    }

    /// Adds a role in an organisation.
    #[must_use]
    pub fn role(mut self, organisation: i64, id: i64, start: &str, end: &str) -> Self {
        let role = Role { id, start: start.into(), end: end.into() };
        self.organisation(organisation).roles.push(role);
        self
    }

    /// Adds a tag in an organisation.
    #[must_use]
    pub fn tag(mut self, organisation: i64, label: &str) -> Self {
        self.organisation(organisation).tags.push(label.into());
        self
    }

    /// The membership in an organisation, made if there is none.
    pub fn organisation(&mut self, id: i64) -> &mut Organisation {
        let index = self.organisations.iter().position(|o| o.id == id).unwrap_or_else(|| {
            self.organisations.push(Organisation { id, ..Organisation::default() });
            self.organisations.len() - 1
        });
        &mut self.organisations[index]
    }

    /// Sets the end of the first role of the first organisation: a renewal at the desk.
    pub fn set_end(&mut self, end: &str) {
        let role = self.organisations.iter_mut().flat_map(|o| &mut o.roles).next();
        if let Some(role) = role {
            role.end = end.into();
        }
    }
}
