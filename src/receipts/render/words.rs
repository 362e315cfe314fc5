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
    tenant_purge: "allt hos en kund", "everything of one client";
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
    category_message: "meddelanden", "messages";
    category_attachment: "bifogade filer", "attached files";
    category_case: "ärenden", "cases";
    category_forwarding: "vidarebefordringar", "forwardings";
    category_quarantined: "poster i karantän", "quarantined records";
    category_uploaded: "delar av uppladdade filer", "pieces of uploaded files";
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
    verification: "Kontroll", "Verification";
    negative_decrypt: "dekryptering nekades", "decryption was refused";
    rescan_to_zero: "ny sökning fann inget", "a new search found nothing";
    store_checkpoint: "lagrets logg tömd", "the store's log was emptied";
    passed: "godkänd", "passed";
    failed: "underkänd", "failed";
    copies: "Kopior hos andra", "Copies elsewhere";
    copy_erased: "raderad", "erased";
    copy_unreadable: "oläsbar", "unreadable";
    copy_ordered: "radering beställd, svar väntas", "erasure ordered, answer awaited";
    copy_not_ordered: "radering inte beställd", "erasure not ordered";
    copy_refused: "innehavaren vägrar", "the holder refuses";
    kept: "Bevaras", "Kept";
    until: "till", "until";
    backups: "Säkerhetskopior", "Backups";
    unreadable_and_erased_again:
        "oläsbara; vid återläsning raderas raderna på nytt innan något visas",
        "unreadable; on a restore the rows are deleted again before anything is served";
    tool: "Program", "Program";
    cannot_prove: "Bevisar inte", "Does not prove";
    no_secret_copy: "att ingen i hemlighet behållit en kopia", "that nobody secretly kept a copy";
    no_disk_snapshot:
        "att ingen ögonblicksbild av disken finns kvar",
        "that no snapshot of the disk survives";
    cipher_holds: "att krypteringen håller för all framtid", "that the cipher holds for ever";
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
