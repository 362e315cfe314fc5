//! Every phrase of the certificate, once per language.

use crate::vocabulary::Lang;

macro_rules! words {
    ($($name:ident: $sv:literal, $en:literal;)+) => {
        /// One field per phrase: a phrase without one of its texts does not compile.
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)+
        }

        const SWEDISH: Words = Words { $($name: $sv,)+ };
        const ENGLISH: Words = Words { $($name: $en,)+ };
    };
}

words! {
    title: "INTYG OM RADERING", "CERTIFICATE OF ERASURE";
    page_title: "Intyg om radering", "Certificate of erasure";
    complete:
        "Raderingen är fullständig: uppgifterna är raderade här, och varje känd kopia är borta eller oläsbar.",
        "The erasure is complete: the data are erased here, and every known copy is gone or unreadable.";
    erased_here: "Uppgifterna är raderade här.", "The data are erased here.";
    one_copy_open:
        "En kopia hos någon annan är ännu inte bekräftad som raderad.",
        "One copy elsewhere is not yet confirmed as erased.";
    copies_open:
        "kopior hos andra är ännu inte bekräftade som raderade.",
        "copies elsewhere are not yet confirmed as erased.";
    mirror_late:
        "En spegel av nyckellagret har ännu inte bekräftat raderingen.",
        "A mirror of the key store has not yet acknowledged the erasure.";
    check_failed:
        "En kontroll gav inte det väntade resultatet.",
        "A check did not come out as it should.";
    receipt: "Kvitto", "Receipt";
    number: "nummer", "number";
    kind: "Omfattning", "Scope";
    contact: "en person", "one person";
    case_batch: "valda ärenden", "chosen cases";
    retention: "gallring enligt regel", "retention rule";
    quarantine: "oläsliga poster i karantän", "unreadable records in quarantine";
    upload:
        "en uppladdad fil, efter import",
        "an uploaded file, after its import";
    orphans:
        "nycklar som ingen post använder, efter att en säkerhetskopia lästes tillbaka",
        "keys that no record uses, after a backup was restored";
    tenant_purge: "allt hos en personuppgiftsansvarig", "everything of one controller";
    rehousing:
        "rättade, maskade eller flyttade uppgifter",
        "data corrected, redacted or moved";
    re_erasure: "förnyad radering", "erasure carried out again";
    again: "Förnyar", "Carries out again";
    restored_backup: "en säkerhetskopia lästes tillbaka", "a backup was restored";
    found_by_reconcile: "funnet vid avstämning", "found by reconciliation";
    tenant: "Personuppgiftsansvarig", "Controller";
    operator: "Personuppgiftsbiträde", "Processor";
    legal_basis: "Rättslig grund", "Legal basis";
    instruction: "Instruktion", "Instruction";
    approvers: "Godkänt av", "Approved by";
    requested_at: "Begärt", "Requested";
    started_at: "Påbörjat", "Started";
    destroyed_at: "Nycklar förstörda", "Keys destroyed";
    issued_at: "Utfärdat", "Issued";
    people: "Personer", "People";
    categories: "Kategorier, antal", "Categories, records";
    category_name: "namn", "name";
    category_phone: "telefonnummer", "phone number";
    category_email: "e-postadress", "e-mail address";
    category_external_id: "kundnummer i källsystemet", "customer number at the source";
    category_message: "meddelanden", "messages";
    category_attachment: "bifogade filer", "attached files";
    category_case: "ärenden", "cases";
    category_forwarding: "vidarebefordringar", "forwardings";
    category_contact: "kontakter", "contacts";
    category_quarantined: "poster i karantän", "quarantined records";
    category_uploaded: "delar av uppladdade filer", "pieces of uploaded files";
    category_contract_event: "händelser om avtalet", "contract events";
    stores: "Raderat per lager", "Deleted per store";
    method: "Metod", "Method";
    cryptographic_erase_and_deletion:
        "nycklarna förstörda (kryptografisk radering enligt NIST SP 800-88) och raderna borttagna",
        "keys destroyed (cryptographic erase in the sense of NIST SP 800-88) and rows deleted";
    medium: "Medium", "Medium";
    key_overwritten_medium_not_sanitised:
        "nyckeln överskriven, mediet självt inte sanerat",
        "key overwritten, medium itself not sanitised";
    key_destroyed_in_key_service:
        "nyckeln förstörd i nyckeltjänsten",
        "key destroyed in the key service";
    sanitised: "mediet sanerat", "medium sanitised";
    keys: "Antal nycklar", "Number of keys";
    epoch: "Ny epok", "New epoch";
    assurance: "Räckvidd", "Reach";
    assurance_a:
        "A: äldre kopior av data är oläsbara",
        "A: older copies of the data are unreadable";
    assurance_b:
        "B: äldre kopior av data och nyckellager är oläsbara",
        "B: older copies of data and key store are unreadable";
    assurance_c:
        "C: även ögonblicksbilder av hela diskar är oläsbara",
        "C: snapshots of whole disks are unreadable too";
    mirrors: "Speglar, bekräftade", "Mirrors, acknowledged";
    no_mirrors: "inga speglar finns", "there are no mirrors";
    verification: "Kontroll", "Verification";
    negative_decrypt: "dekryptering misslyckades, som väntat", "decryption failed, as it should";
    rescan_to_zero: "ny sökning gav inga träffar", "a new search found nothing";
    store_checkpoint: "databasens logg tömd", "the store's log was emptied";
    passed: "godkänd", "passed";
    failed: "underkänd", "failed";
    copies: "Kopior hos andra", "Copies elsewhere";
    copy_erased: "raderad", "erased";
    copy_unreadable: "oläsbar", "unreadable";
    copy_ordered: "radering beställd, svar väntas", "erasure ordered, answer awaited";
    copy_not_ordered: "radering inte beställd", "erasure not ordered";
    copy_not_confirmed: "inte bekräftad som raderad", "not confirmed as erased";
    bytes: "byte", "bytes";
    end_of_contract: "avtalets slut", "end of contract";
    standing_correction:
        "rättelse enligt kundens stående instruktion",
        "correction, as the client's standing instruction allows";
    named_here: "namn uppgivet av den som körde kommandot", "name given by whoever ran the command";
    by_token: "genom en API-nyckel med rollen", "by an API token of role";
    copy_refused: "innehavaren vägrar", "the holder refuses";
    no_copies: "Inga kopior hos andra är kända.", "No copies elsewhere are known.";
    said_since:
        "* Bekräftat efter att kvittot signerades: det står i registret, inte i det signerade kvittot.",
        "* Confirmed after the receipt was signed: it stands in the register, not in the signed receipt.";
    place: "Plats", "Place";
    state: "Status", "Status";
    evidence: "Underlag", "Evidence";
    place_mail: "brevlådor och e-postservrar", "mailboxes and mail servers";
    place_sms:
        "sms-leverantören: meddelanden och leveranskvitton",
        "the text message supplier: messages and delivery reports";
    place_telephony:
        "telefonileverantören: samtalslistor och inspelningar",
        "the telephony supplier: call records and recordings";
    place_social:
        "biträdets konto på kundens sociala sidor",
        "the operator's account on the client's social pages";
    place_widget:
        "chattfönstret på kundens webbplats",
        "the chat window on the client's website";
    place_klarna:
        "biträdets användare i Klarnas handlarportal",
        "the operator's user in Klarna's merchant portal";
    place_returns: "transportörer och tull vid returer", "carriers and customs of returns";
    place_paper: "brev på papper", "letters on paper";
    place_other: "andra kanaler som använts", "other channels in use";
    place_unnamed:
        "en mottagare som är namngiven i ärendena",
        "a recipient who is named in the cases";
    place_unregistered:
        "en mottagare som inte finns i mottagarregistret",
        "a recipient that is not in the register of recipients";
    contract_ended: "Avtalet upphörde", "Contract ended";
    no_grace: "ingen respit", "no grace";
    day_of_grace: "dags respit", "day of grace";
    days_of_grace: "dagars respit", "days of grace";
    choice: "Den ansvarigas val", "The controller's choice";
    choice_delete: "radera", "delete";
    choice_return: "återlämna och sedan radera", "return, then delete";
    returned: "Återlämnat", "Returned";
    returned_at: "När", "When";
    file: "Fil", "File";
    contents: "Innehåll", "Contents";
    what_was_erased: "Vad som raderades", "What was erased";
    category: "Kategori", "Category";
    records: "Antal", "Records";
    how: "Hur det gick till", "How it was done";
    signature: "Underskrift", "Signature";
    nothing_kept:
        "Den ansvarigas namn och nummer, detta kvitto, och uppgift om vem som gjort vad; inget av det namnger en registrerad.",
        "The controller's name and number, this receipt, and who did what; none of it names a data subject.";
    kept: "Bevaras", "Kept";
    until: "till", "until";
    backups: "Säkerhetskopior", "Backups";
    unreadable_and_erased_again:
        "oläsbara; vid återläsning raderas raderna på nytt innan något visas",
        "unreadable; on a restore the rows are deleted again before anything is served";
    tool: "Program", "Program";
    cannot_prove: "Det här bevisar intyget inte", "What this does not prove";
    no_secret_copy: "att ingen i hemlighet behållit en kopia", "that nobody secretly kept a copy";
    no_disk_snapshot:
        "att ingen ögonblicksbild av disken finns kvar",
        "that no snapshot of the disk survives";
    cipher_holds: "att krypteringen håller för all framtid", "that the encryption will never be broken";
    statements_of_others:
        "att andras uppgifter om sina kopior stämmer",
        "that what others say of their copies is true";
    none: "inga", "none";
    nothing: "inget", "nothing";
    what_counts:
        "Det signerade kvittot gäller; denna text är en läshjälp. Kontrollera det med: gallra verify FIL --policy log.policy",
        "The signed receipt is what counts; this text helps to read it. Check it with: gallra verify FILE --policy log.policy";
}

impl Words {
    /// The phrases of a language.
    pub(super) fn of(lang: Lang) -> &'static Words {
        match lang {
            Lang::Sv => &SWEDISH,
            Lang::En => &ENGLISH,
        }
    }
}
