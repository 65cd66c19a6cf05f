//! Which row names the columns, and which columns those are: a person id, and an e-mail or a member number; or
//! instead of the person id, or beside it, a plate.
//!
//! Both templates of the vendor put rules above the header row and stars in front of required headings,
//! so the row is found by its headings and not by its number.

use unicode_normalization::UnicodeNormalization;

use super::cell::trim;
use super::{FileProblem, HEADER_ROWS_MAX};

/// Headings of the person id as [`normalised`]: iVMS-4200's and ISAPI's own first, then how
/// translations of the vendor's programs and people write it. The Swedish `personnummer` and `personnr`
/// are none: that is the national number.
const ID_NAMES: &[&str] = &[
    // English
    "personid idperson personno personnumber personcode employeeno employeenumber employeeid",
    // German
    "personenid idderperson personennummer personennr personalnummer personalnr personalid",
    "mitarbeiterid mitarbeiternummer mitarbeiternr",
    // Swedish
    "personensid anstallningsid anstallningsnummer anstallningsnr anstalldid medarbetarid",
    "medarbetarnummer",
    // Slovenian
    "idosebe osebaid stevilkaosebe stosebe sifraosebe idzaposlenega stevilkazaposlenega",
    "stzaposlenega sifrazaposlenega",
    // French
    "idpersonne iddelapersonne personneid identifiantpersonne identifiantdelapersonne",
    "numerodepersonne numeropersonne npersonne nopersonne idemploye iddemploye iddelemploye",
    "identifiantemploye numeroemploye numerodemploye nemploye ndemploye noemploye matricule",
    // Spanish
    "idpersona iddepersona iddelapersona personaid identificadordepersona",
    "identificaciondepersona numerodepersona npersona idempleado iddeempleado iddelempleado",
    "numeroempleado numerodeempleado nempleado ndeempleado noempleado nodeempleado",
    // Croatian
    "idosobe osobaid brojosobe brosobe sifraosobe idzaposlenika brojzaposlenika",
    "sifrazaposlenika iddjelatnika brojdjelatnika",
];

/// Headings of the person id so common that they count only in a row that also has an e-mail column
/// and none of [`ID_NAMES`]; `ID` is HikCentral's.
const WEAK_ID_NAMES: &[&str] = &["id identifiant identificador identifikator"];

/// Headings of the e-mail as [`normalised`].
const EMAIL_NAMES: &[&str] = &[
    // English
    "email mail emailaddress mailaddress electronicmail",
    // German
    "emailadresse mailadresse epostadresse elektronischepost",
    // Swedish
    "epost epostadress emailadress mailadress mejl mejladress",
    // Slovenian
    "eposta epostninaslov elektronskaposta elektronskinaslov naslovelektronskeposte",
    "nasloveposte enaslov emailnaslov mailnaslov",
    // French
    "courriel adresseemail adressemail adressecourriel adresseelectronique",
    "courrierelectronique adressedemessagerie",
    // Spanish
    "correo correoelectronico ecorreo direcciondecorreo direcciondecorreoelectronico",
    "direccionemail direcciondeemail",
    // Croatian
    "emailadresa mailadresa eadresa adresaeposte elektronickaposta adresaelektronickeposte",
    "elektronickaadresa",
];

/// Headings of the member number as [`normalised`]. A mere `Member` is none: names stand under it.
const NUMBER_NAMES: &[&str] = &[
    // English
    "memberno membernumber memberid membershipno membershipnumber membershipid",
    // German
    "mitgliedsnummer mitgliedsnr mitgliedernummer mitgliedernr mitgliedsid mitgliednr mitgliednummer",
    // Swedish
    "medlemsnummer medlemsnr medlemsid medlemnr medlemnummer",
    // Slovenian
    "stevilkaclana stclana clanskastevilka clanskast idclana",
    // French
    "numerodemembre numeromembre nmembre ndemembre nomembre idmembre numerodadherent nadherent",
    "ndadherent numeroadherent",
    // Spanish
    "numerodesocio numerosocio nsocio ndesocio nosocio nodesocio idsocio iddesocio",
    "numerodemiembro nmiembro ndemiembro",
    // Croatian
    "brojclana brclana clanskibroj clanskibr",
];

/// Headings of the plate as [`normalised`].
pub(in crate::engine) const PLATE_NAMES: &str = "plate plates plateno platenumber licenseplate licenceplate \
     licenseplatenumber licenceplatenumber numberplate registration registrationnumber vehicle kennzeichen \
     nummernschild registreringsnummer regnummer regnr registrskaoznaka registrskastevilka \
     registarskaoznaka registracija immatriculation plaque matricula placa";

/// Headings of who issued the plate as [`normalised`].
pub(in crate::engine) const ISSUER_NAMES: &str = "state issuer country province region platestate plateissuer \
     platecountry issuedby land stat delstat drzava pays etat pais estado";

/// Where the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The row in the file, from 1.
    pub line: u32,
    /// The person id column, from 0.
    pub id_column: usize,
    /// The e-mail column, from 0; there is this one, or the next, or both.
    pub email_column: Option<usize>,
    /// The member number column, from 0.
    pub number_column: Option<usize>,
    /// The plate column, from 0. It decides nothing here; of two, nobody knows which is meant.
    pub plate_column: Option<usize>,
}

/// The headings in a row, with the column of each, from 0.
#[derive(Debug, Default)]
pub(super) struct Headings<'a> {
    ids: Vec<(usize, &'a str)>,
    weak_ids: Vec<(usize, &'a str)>,
    pub emails: Vec<(usize, &'a str)>,
    pub numbers: Vec<(usize, &'a str)>,
    pub plates: Vec<(usize, &'a str)>,
    pub issuers: Vec<(usize, &'a str)>,
}

impl<'a> Headings<'a> {
    /// Looks for them among the cells of a row.
    pub(super) fn of(cells: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut found = Self::default();
        for (column, text) in cells {
            let Some(name) = normalised(text) else { continue };
            let is_one_of =
                |lists: &[&str]| lists.iter().any(|list| list.split(' ').any(|one| one == name));
            let those = if is_one_of(ID_NAMES) {
                &mut found.ids
            } else if is_one_of(WEAK_ID_NAMES) {
                &mut found.weak_ids
            } else if is_one_of(EMAIL_NAMES) {
                &mut found.emails
            } else if is_one_of(NUMBER_NAMES) {
                &mut found.numbers
            } else if is_one_of(&[PLATE_NAMES]) {
                &mut found.plates
            } else if is_one_of(&[ISSUER_NAMES]) {
                &mut found.issuers
            } else {
                continue;
            };
            those.push((column, text));
        }
        found
    }

    /// The e-mail column and the member number column, where there are.
    ///
    /// # Errors
    /// [`FileProblem::TwoColumns`].
    pub(super) fn member(&self, line: u32) -> Result<(Option<usize>, Option<usize>), FileProblem> {
        let email = the_only(&self.emails, line, "e-mail")?;
        Ok((email, the_only(&self.numbers, line, "member number")?))
    }
}

/// A search that remembers near misses, so that a failure can say what is missing where.
#[derive(Debug, Default)]
pub(super) struct Search {
    only_id: Option<u32>,
    only_member: Option<u32>,
}

impl Search {
    /// Looks at one row: its number from 1, and its cells as column from 0 and text.
    ///
    /// # Errors
    /// [`FileProblem::TwoColumns`] when it is the header row but does not decide.
    pub(super) fn offer<'a>(
        &mut self,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Header>, FileProblem> {
        let found = Headings::of(cells);
        if found.emails.is_empty() && found.numbers.is_empty() {
            if !found.ids.is_empty() {
                self.only_id.get_or_insert(line);
            }
            return Ok(None);
        }
        let is_weak = found.ids.is_empty() && !found.emails.is_empty();
        let ids = if is_weak { &found.weak_ids } else { &found.ids };
        let Some(id_column) = the_only(ids, line, "person id")? else {
            self.only_member.get_or_insert(line);
            return Ok(None);
        };
        let (email_column, number_column) = found.member(line)?;
        let plate_column = match found.plates.as_slice() {
            [(column, _)] => Some(*column),
            _ => None,
        };
        Ok(Some(Header { line, id_column, email_column, number_column, plate_column }))
    }

    /// What to say when no row was a header.
    pub(super) fn failure(&self) -> FileProblem {
        match (self.only_id, self.only_member) {
            (Some(line), _) => FileProblem::NoMemberColumn { line },
            (None, Some(line)) => FileProblem::NoIdColumn { line },
            (None, None) => FileProblem::NoHeader { searched: HEADER_ROWS_MAX },
        }
    }
}

/// A heading in the form that is compared: letters and digits alone, in lower case and without accents,
/// so that `*Person ID`, `PERSON-ID` and `person_id` are one.
pub(in crate::engine) fn normalised(text: &str) -> Option<String> {
    /// Longer than every heading in every case; spares lower-casing paragraphs of rules.
    const BYTES_MAX: usize = 64;
    let bare = trim(text);
    let bare = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(bare);
    if bare.is_empty() || bare.len() > BYTES_MAX {
        return None;
    }
    // Marks go with everything else that is no letter; `№` and `º` come apart into letters.
    let letters = bare.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    let name: String = letters.collect();
    (!name.is_empty()).then_some(name)
}

pub(in crate::engine) fn the_only(
    found: &[(usize, &str)],
    line: u32,
    what: &'static str,
) -> Result<Option<usize>, FileProblem> {
    match found {
        [] => Ok(None),
        [(column, _)] => Ok(Some(*column)),
        _ => {
            let names = found.iter().map(|(_, text)| trim(text).escape_debug().to_string());
            Err(FileProblem::TwoColumns { line, what, names: names.collect() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(row: &[&str]) -> Result<Option<Header>, FileProblem> {
        Search::default().offer(1, row.iter().copied().enumerate())
    }

    #[test]
    fn headings_in_many_spellings() {
        for row in [
            ["*Person ID", "Email"],
            ["PersonID", "E-Mail"],
            ["* Person\u{a0}ID *", "e-mail"],
            ["Employee No", "Mail"],
            ["employee no.", "EMAIL"],
            ["employeeNo", " Email  Address "],
            ["Employee ID", "\u{feff}Email"],
            ["ID", "Email"],
            ["person_id", "e_mail"],
            ["PERSON-ID", "E MAIL"],
            ["PersonId:", "E-Mail:"],
            ["=\"Person ID\"", "=\"Email\""],
            ["employee_number", "email_address"],
            ["Personen-ID", "E-Mail"],
            ["Personalnr.", "E-Mail-Adresse"],
            ["Mitarbeiternummer", "Mailadresse"],
            ["Person-ID", "E-post"],
            ["Anställnings-ID", "E-postadress"],
            ["ANSTÄLLNINGSNUMMER", "e-post adress"],
            ["ID osebe", "E-pošta"],
            ["Šifra osebe", "Elektronska pošta"],
            ["Št. osebe", "e-poštni naslov"],
            ["ID de la personne", "Adresse e-mail"],
            ["N° d'employé", "Courriel"],
            ["Matricule", "Adresse électronique"],
            ["Identifiant", "Adresse_mail"],
            ["ID de persona", "Correo electrónico"],
            ["N.º de empleado", "Dirección de correo electrónico"],
            ["Número_de_empleado", "correo"],
            ["ID osobe", "E-pošta"],
            ["Broj osobe", "E-mail adresa"],
            ["s\u{30c}ifra osobe", "Elektronička pošta"],
        ] {
            let header = offer(&row).unwrap().unwrap_or_else(|| panic!("{row:?}"));
            let found = (header.id_column, header.email_column, header.number_column);
            assert_eq!(found, (0, Some(1), None), "{row:?}");
        }
        for row in [
            ["Person ID", "Member number"],
            ["Person ID", "MEMBER-NO."],
            ["Personalnr.", "Mitgliedsnummer"],
            ["Anställnings-ID", "Medlemsnr"],
            ["ID osebe", "Številka člana"],
            ["Matricule", "N° d'adhérent"],
            ["N.º de empleado", "Número de socio"],
            ["Broj osobe", "Članski broj"],
        ] {
            let header = offer(&row).unwrap().unwrap_or_else(|| panic!("{row:?}"));
            let found = (header.id_column, header.email_column, header.number_column);
            assert_eq!(found, (0, None, Some(1)), "{row:?}");
        }
        let header = offer(&["Member no", "Mail", "ID"]).unwrap().unwrap();
        assert_eq!((header.email_column, header.number_column), (Some(1), Some(0)));
    }

    #[test]
    fn rows_that_are_no_header() {
        for row in [
            &["Person ID"][..],
            &["Email", "Organization ID"],
            &["ID", "Name"],
            // Of two numbers, neither called a person's, nobody knows which is the door's.
            &["ID", "Member number"],
            &["Person ID", "Member"],
            &["Rule: Person ID and Email are required"],
            &["1007", "anna@example.se"],
            // A national number is no person id.
            &["Personnummer", "E-post"],
            &["Personal", "E-Mail"],
        ] {
            assert_eq!(offer(row).unwrap(), None, "{row:?}");
        }
    }

    #[test]
    fn every_heading_is_of_one_column() {
        let lists =
            [ID_NAMES, WEAK_ID_NAMES, EMAIL_NAMES, NUMBER_NAMES, &[PLATE_NAMES, ISSUER_NAMES]];
        let mut seen = std::collections::BTreeSet::new();
        for name in lists.concat().iter().flat_map(|names| names.split(' ')) {
            assert!(seen.insert(name), "{name}");
            assert_eq!(normalised(name).as_deref(), Some(name));
        }
    }

    /// Mutants: a file that links persons is refused for the sake of its plates.
    #[test]
    fn plates_hinder_no_link() {
        for (row, column) in [
            (&["Person ID", "Email", "License plate"][..], Some(2)),
            (&["Plate", "Member no", "Person ID"], Some(0)),
            (&["Person ID", "Email", "Vehicle", "Plate", "State", "Country"], None),
            (&["Person ID", "Email", "State"], None),
        ] {
            assert_eq!(offer(row).unwrap().unwrap().plate_column, column, "{row:?}");
        }
        assert_eq!(offer(&["Email", "Plate"]).unwrap(), None);
    }

    #[test]
    fn a_weak_name_gives_way_to_a_strong_one() {
        let header = offer(&["ID", "Person ID", "Email"]).unwrap().unwrap();
        assert_eq!(header.id_column, 1);
    }

    #[test]
    fn two_columns_for_one_thing_are_refused() {
        for row in [
            ["Person ID", "Email", "E-mail"],
            ["Person ID", "Employee No.", "Email"],
            ["ID", "ID", "Email"],
            ["Person ID", "Member no", "Medlemsnummer"],
        ] {
            let problem = offer(&row).unwrap_err();
            assert!(matches!(problem, FileProblem::TwoColumns { line: 1, .. }), "{row:?}");
        }
    }

    #[test]
    fn failures_say_what_is_missing() {
        let mut search = Search::default();
        search.offer(3, [(0, "Email")].into_iter()).unwrap();
        assert!(matches!(search.failure(), FileProblem::NoIdColumn { line: 3 }));
        search.offer(9, [(0, "*Person ID")].into_iter()).unwrap();
        assert!(matches!(search.failure(), FileProblem::NoMemberColumn { line: 9 }));
        assert!(matches!(Search::default().failure(), FileProblem::NoHeader { .. }));
    }
}
