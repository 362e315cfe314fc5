//! Every phrase of a package, once per language: a phrase without one of its texts does not compile.

use crate::vocabulary::Lang;

macro_rules! words {
    ($($name:ident: $sv:literal, $en:literal;)+) => {
        /// One field per phrase.
        pub struct Words {
            $(pub $name: &'static str,)+
        }

        const SWEDISH: Words = Words { $($name: $sv,)+ };
        const ENGLISH: Words = Words { $($name: $en,)+ };
    };
}

words! {
    read_me_file: "00_LÄS_MIG_FÖRST.html", "00_READ_ME_FIRST.html";
    skip: "Till innehållet", "Skip to content";
    back: "Till översikten", "To the overview";
    read_me: "Läs mig först", "Read me first";
    read_me_lead:
        "Det här är en kopia av allt som kundtjänsten har sparat om dig för",
        "This is a copy of everything that customer service holds about you on behalf of";
    as_of: "Kopian visar uppgifterna så som de såg ut den", "The copy shows how things stood on";
    about: "Om dig", "About you";
    what_is_here: "Vad som finns här", "What is in here";
    letter: "Besked", "Letter";
    letter_says: "svaret på din begäran, i korthet", "the answer to your request, in short";
    information: "Information om behandlingen", "Information about the processing";
    information_says:
        "varför uppgifterna finns, varifrån de kom, vilka som har fått dem, hur länge de sparas och vilka rättigheter du har",
        "why the data are held, where they came from, who has received them, how long they are kept, and your rights";
    forwardings_says: "vad som lämnats vidare, när och till vem", "what was forwarded, when and to whom";
    access_log_says:
        "när uppgifterna har lästs eller ändrats, och i vilken roll. Sidor av listor ingår inte, eftersom de rör flera personer samtidigt",
        "when the data were read or changed, and in which role. Pages of lists are not included, because they concern several people at once";
    requests_says:
        "dina tidigare begäranden hos kundtjänsten, med dina egna ord",
        "your earlier requests to customer service, in your own words";
    redactions_says: "vad som är maskerat, och varför", "what is redacted, and why";
    portability_says:
        "samma meddelanden, din kontaktpost och dina ärenden i format som andra program läser",
        "the same messages, your contact card and your cases in formats that other programs read";
    json_says:
        "Allt finns också som JSON i mappen data, för den som vill läsa det med ett program.",
        "Everything is there as JSON too, in the folder data, for reading by a program.";
    manifest_says:
        "kontrollsumma (SHA-256) för varje fil, med underskrift: visar att inget har ändrats. Det går att kontrollera med programmet gallra: gallra verify och zip-filens namn",
        "a checksum (SHA-256) of every file, signed: shows that nothing was changed. It can be checked with the program gallra: gallra verify and the name of the zip file";
    offline:
        "Sidorna hämtar ingenting från nätet. Filerna är inte krypterade: förvara dem som du förvarar ett brev med personliga uppgifter.",
        "The pages fetch nothing from the internet. The files are not encrypted: keep them as you would a letter with personal details.";
    cases: "Dina ärenden", "Your cases";
    no_cases: "Det finns inga ärenden.", "There are no cases.";
    no_subject: "Ärende utan rubrik", "Case without a subject";
    anothers_case: "Ärende som någon annan har öppnat, där du deltog", "Case opened by somebody else, in which you took part";
    name: "Namn", "Name";
    phone: "Telefonnummer", "Telephone number";
    email: "E-postadress", "E-mail address";
    external_id: "Kundnummer i källsystemet", "Customer number at the source";
    source: "Källa", "Source";
    source_unknown: "inte noterad", "not recorded";
    since: "Registrerad i systemet", "Recorded in the system";
    changed: "Senast ändrad", "Last changed";
    category: "Kategori", "Category";
    records: "Antal", "Records";
    category_message: "Meddelanden", "Messages";
    category_attachment: "Bifogade filer", "Attached files";
    hello: "Hej!", "Hello,";
    confirms:
        "Ja, vi behandlar personuppgifter om dig. Här är en kopia av dem, så som de såg ut den",
        "Yes, we process personal data about you. Here is a copy of them as they stood on";
    together: "tillsammans med information om behandlingen.", "together with information about the processing.";
    begin_with: "Börja med filen", "Begin with the file";
    contains: "Paketet innehåller:", "The package contains:";
    covered:
        "Vissa delar är maskerade, eftersom de är meddelanden från andra personer i samma ärende (artikel 15.4). Du ser när de skickades. Resten har du fått i sin helhet.",
        "Some parts are redacted, because they are other people's messages in the same case (Article 15(4)). You see when they were sent. You have received everything else in full.";
    you_may:
        "Om något saknas eller är fel kan du svara på det här brevet. Du kan begära rättelse, radering eller begränsning, invända mot behandlingen och klaga hos",
        "If something is missing or wrong, reply to this letter. You may request rectification, erasure or restriction, object to the processing, and complain to";
    authority_sweden: "Integritetsskyddsmyndigheten (www.imy.se)", "the Swedish Authority for Privacy Protection (www.imy.se)";
    authority: "tillsynsmyndigheten för dataskydd", "the data protection authority";
    or_court: "Du kan också få saken prövad i domstol.", "You may also bring the matter before a court.";
    regards: "Vänliga hälsningar", "Kind regards";
    on_behalf: "på uppdrag av", "on behalf of";
    request_number: "Begäran", "Request";
    confirmation: "Bekräftelse", "Confirmation";
    controller: "Personuppgiftsansvarig", "Controller";
    processor: "Personuppgiftsbiträde", "Processor";
    snapshot: "Läget gäller", "As of";
    quarantine_not_searched:
        "En del av det som har tagits emot kunde inte läsas och är krypterat utan att vara kopplat till någon person; det har inte genomsökts. Antal:",
        "Some of what was received could not be read and is encrypted without being linked to any person; it was not searched. Number of records:";
    your_requests: "Dina begäranden", "Your requests";
    found_by: "Sökt i", "Searched";
    searched:
        "kundtjänstens system: profil, ärenden, meddelanden, bifogade filer och vidarebefordringar",
        "the customer service system: profile, cases, messages, attached files and forwardings";
    backups:
        "Säkerhetskopior har inte genomsökts: de innehåller samma uppgifter i äldre skick, krypterade.",
        "Backups were not searched: they hold the same data in earlier states, encrypted.";
    held: "Uppgifter om dig", "Data about you";
    from_to: "Period", "Period";
    received_by: "Vilka som har fått uppgifter om dig", "Who has received data about you";
    nobody_received: "Ingenting om dig har lämnats vidare från ärendena.", "Nothing about you was forwarded from the cases.";
    a_message: "ett meddelande", "a message";
    the_case: "ärendet", "the case";
    automated: "Automatiserade beslut", "Automated decisions";
    no_automated:
        "Inga beslut om dig fattas automatiskt i kundtjänstens system, och du profileras inte där.",
        "No decisions about you are made automatically in the customer service system, and you are not profiled there.";
    kept: "Sparas", "Kept";
    kept_until: "till den", "until";
    case_number: "Ärendenummer", "Case number";
    channel: "Kanal", "Channel";
    state: "Status", "Status";
    opened: "Öppnat", "Opened";
    closed: "Avslutat", "Closed";
    messages: "Meddelanden", "Messages";
    from_you: "Från dig", "From you";
    to_you: "Till dig", "To you";
    note: "Anteckning", "Note";
    anothers: "En annan persons meddelande", "Another person's message";
    hidden: "Maskerat: innehållet är en annan persons (artikel 15.4).", "Redacted: the content is another person's (Article 15(4)).";
    written_by: "skrivet av", "written by";
    files: "Bifogade filer:", "Attached files:";
    forwardings: "Vidarebefordrat", "Forwarded";
    one_case: "ärende", "case";
    several_cases: "ärenden", "cases";
    one_message: "meddelande", "message";
    several_messages: "meddelanden", "messages";
    one_file: "bifogad fil", "attached file";
    several_files: "bifogade filer", "attached files";
    one_forwarding: "vidarebefordring", "forwarding";
    several_forwardings: "vidarebefordringar", "forwardings";
    channel_email: "e-post", "e-mail";
    channel_sms: "sms", "text message";
    channel_phone: "telefon", "telephone";
    channel_social: "sociala medier", "social media";
    channel_widget: "chatt på webbplatsen", "chat on the website";
    channel_portal: "portal", "portal";
    channel_post: "brev", "letter";
    channel_returns: "returer och tull", "returns and customs";
    channel_other: "annan kanal", "another channel";
    state_open: "öppet", "open";
    state_pending: "väntar på svar", "awaiting a reply";
    state_closed: "avslutat", "closed";
    act_read: "läst", "read";
    act_found: "visat som svar på en sökning", "shown as the answer to a search";
    act_access: "sammanställt för utlämnande", "compiled for disclosure";
    act_written: "registrerat eller ändrat", "recorded or changed";
    act_rehoused: "rättat, maskerat eller flyttat", "corrected, redacted or moved";
    act_other: "annan åtgärd", "another act";
    role_program: "automatiskt av systemet", "automatically by the system";
    role_operator: "driftpersonal hos personuppgiftsbiträdet", "operations staff of the processor";
    role_token: "anslutet system eller handläggare", "connected system or case worker";
    role_user: "handläggare", "case worker";
    role_hook: "avtalssystem", "contract system";
}

impl Words {
    /// The phrases of one language.
    pub const fn of(lang: Lang) -> &'static Words {
        match lang {
            Lang::Sv => &SWEDISH,
            Lang::En => &ENGLISH,
        }
    }

    /// A channel's name within a sentence.
    pub fn channel(&self, word: &str) -> &'static str {
        match word {
            "email" => self.channel_email,
            "sms" => self.channel_sms,
            "phone" => self.channel_phone,
            "social" => self.channel_social,
            "widget" => self.channel_widget,
            "portal" => self.channel_portal,
            "klarna" => "Klarna",
            "returns" => self.channel_returns,
            "post" => self.channel_post,
            _ => self.channel_other,
        }
    }

    /// Where a case stands.
    pub fn state(&self, word: &str) -> &'static str {
        match word {
            "open" => self.state_open,
            "pending" => self.state_pending,
            _ => self.state_closed,
        }
    }

    /// What was done, as the person may know it: the purpose of a look at the data.
    pub fn act(&self, action: &str) -> &'static str {
        match action {
            "contact.read" | "case.read" | "message.read" => self.act_read,
            "contact.found" => self.act_found,
            "contact.access" => self.act_access,
            "contact.upserted" | "message.recorded" | "forwarding.recorded" | "case.changed" => {
                self.act_written
            }
            "unit.rehoused" => self.act_rehoused,
            _ => self.act_other,
        }
    }

    /// In which role: never who (C-579/21).
    pub fn role(&self, actor: &str) -> &'static str {
        match actor.split(':').next().unwrap_or_default() {
            "command-line" => self.role_operator,
            "token" => self.role_token,
            "user" => self.role_user,
            "hook" => self.role_hook,
            _ => self.role_program,
        }
    }
}
