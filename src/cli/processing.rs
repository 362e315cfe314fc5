//! `gallra purpose` and `gallra retention`: what clients' data is processed for, and for how long.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::app::App;
use crate::catalog::Category;
use crate::catalog::processing::{Basis, Period, Purpose, PurposeOf, RetentionRule, rules};

#[derive(Debug, clap::Subcommand)]
pub enum Purposes {
    /// What a client's data is processed for, and on which grounds
    List {
        /// The client's short name
        slug: String,
    },
    /// Say so; without purposes: what is usual at a support desk
    Set {
        /// The client's short name
        slug: String,
        /// A purpose and its grounds of Art. 6(1), the main one first
        #[arg(value_name = "PURPOSE=LETTERS")]
        purposes: Vec<Grounded>,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Retention {
    /// How long each category of a client is kept
    List {
        /// The client's short name
        slug: String,
    },
    /// Say so; categories that are not named are kept as long as is usual
    Set {
        /// The client's short name
        slug: String,
        /// A category and how long it is kept, such as message=P24M
        #[arg(value_name = "CATEGORY=PERIOD")]
        rules: Vec<Kept>,
    },
}

/// `support=b,f`
#[derive(Debug, Clone)]
pub struct Grounded(PurposeOf);

impl std::str::FromStr for Grounded {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (purpose, letters) = text.split_once('=').ok_or("write PURPOSE=LETTERS")?;
        let letters = letters.split(',').map(str::parse::<Basis>);
        Ok(Self(PurposeOf {
            purpose: purpose.parse::<Purpose>()?,
            legal_basis: letters.collect::<Result<_, _>>()?,
        }))
    }
}

/// `message=P24M`
#[derive(Debug, Clone)]
pub struct Kept(RetentionRule);

impl std::str::FromStr for Kept {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (category, period) = text.split_once('=').ok_or("write CATEGORY=PERIOD")?;
        let usual = rules::usual_rule(category.parse::<Category>()?);
        let period = period.parse::<Period>()?;
        Ok(Self(RetentionRule { period, ..usual }))
    }
}

#[derive(Debug, Serialize)]
struct PurposeList {
    purposes: Vec<PurposeOf>,
}

#[derive(Debug, Serialize)]
struct RuleList {
    items: Vec<RetentionRule>,
}

pub async fn purposes(command: Purposes, app: &App, output: Output) -> Result<(), Failure> {
    let slug = match &command {
        Purposes::List { slug } | Purposes::Set { slug, .. } => slug,
    };
    let tenant = app.catalog.tenant_ref(slug).await?;
    if let Purposes::Set { purposes, .. } = &command {
        let purposes: Vec<PurposeOf> = purposes.iter().map(|it| it.0.clone()).collect();
        app.catalog.set_purposes(&tenant, &purposes).await?;
    }
    let channels = app.catalog.holdings(&tenant).await?.channels;
    let purposes = app.catalog.purposes(&tenant, &channels).await?;
    output.give(&PurposeList { purposes }, |it| {
        let row = |it: &PurposeOf| {
            let letters: Vec<_> = it.legal_basis.iter().map(|it| it.word()).collect();
            [it.purpose.word().to_owned(), letters.join(", ")]
        };
        let rows: Vec<_> = it.purposes.iter().map(row).collect();
        Text::default().table(["PURPOSE", "ART. 6(1)"], &rows)
    })
}

pub async fn retention(command: Retention, app: &App, output: Output) -> Result<(), Failure> {
    let slug = match &command {
        Retention::List { slug } | Retention::Set { slug, .. } => slug,
    };
    let tenant = app.catalog.tenant_ref(slug).await?;
    if let Retention::Set { rules, .. } = &command {
        let rules: Vec<RetentionRule> = rules.iter().map(|it| it.0).collect();
        app.catalog.set_retention_rules(&tenant, &rules).await?;
    }
    let items = app.catalog.retention_rules(&tenant).await?;
    output.give(&RuleList { items }, |it| {
        let row = |it: &RetentionRule| {
            [
                it.category.word().replace('_', " "),
                it.period.to_string(),
                it.starts.word().replace('_', " "),
            ]
        };
        let rows: Vec<_> = it.items.iter().map(row).collect();
        Text::default().table(["CATEGORY", "KEPT", "FROM"], &rows)
    })
}
