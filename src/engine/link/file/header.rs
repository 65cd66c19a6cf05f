//! Which row names the columns, and which columns those are: a person id, and an e-mail or a member number.
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
        let mut ids = Vec::new();
        let mut weak_ids = Vec::new();
        let mut emails = Vec::new();
        let mut numbers = Vec::new();
        for (column, text) in cells {
            let Some(name) = normalised(text) else { continue };
            let is_one_of =
                |lists: &[&str]| lists.iter().any(|list| list.split(' ').any(|one| one == name));
            if is_one_of(ID_NAMES) {
                ids.push((column, text));
            } else if is_one_of(WEAK_ID_NAMES) {
                weak_ids.push((column, text));
            } else if is_one_of(EMAIL_NAMES) {
                emails.push((column, text));
            } else if is_one_of(NUMBER_NAMES) {
                numbers.push((column, text));
            }
        }
        if emails.is_empty() && numbers.is_empty() {
            if !ids.is_empty() {
                self.only_id.get_or_insert(line);
            }
            return Ok(None);
        }
        if ids.is_empty() && !emails.is_empty() {
            ids = weak_ids;
        }
        let Some(id_column) = the_only(&ids, line, "person id")? else {
            self.only_member.get_or_insert(line);
            return Ok(None);
        };
        let email_column = the_only(&emails, line, "e-mail")?;
        let number_column = the_only(&numbers, line, "member number")?;
        Ok(Some(Header { line, id_column, email_column, number_column }))
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
