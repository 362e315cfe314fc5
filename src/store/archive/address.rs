//! A PostgreSQL address for its own programs, as the variables that they read.

use tokio::process::Command;
use url::Url;

use super::super::StoreError;

/// What a program of PostgreSQL must know to reach the same server in the same way as we do.
pub(super) struct Address {
    /// The schema that the search path begins with.
    pub schema: String,
    variables: Vec<(&'static str, String)>,
}

impl Address {
    /// Reads an address. What it asks for and the programs could not be told is refused: left out,
    /// it might be what secures the connection.
    pub fn read(url: &str) -> Result<Self, StoreError> {
        let refuse = || StoreError::BadUrl {
            url: "the address of the data store".to_owned(),
        };
        let parsed = Url::parse(url).map_err(|_| refuse())?;
        let port = parsed.port().map(|port| port.to_string());
        let host = parsed.host_str().map(|host| {
            let inside = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
            percent_decode(inside.unwrap_or(host))
        });
        let mut variables = vec![
            ("PGHOST", host.unwrap_or_default()),
            ("PGPORT", port.unwrap_or_default()),
            ("PGUSER", percent_decode(parsed.username())),
            (
                "PGPASSWORD",
                parsed.password().map_or_else(String::new, percent_decode),
            ),
            (
                "PGDATABASE",
                percent_decode(parsed.path().trim_start_matches('/')),
            ),
        ];
        let mut options = Vec::new();
        for (key, value) in parsed.query_pairs() {
            let named = key
                .strip_prefix("options[")
                .and_then(|it| it.strip_suffix(']'));
            match (&*key, named, variable(&key)) {
                ("options", ..) => options.push(value.into_owned()),
                (_, Some(name), _) => options.push(format!("-c {name}={value}")),
                ("statement-cache-capacity", ..) => {} // Ours alone.
                (_, _, Some(variable)) => variables.push((variable, value.into_owned())),
                _ => return Err(StoreError::UnknownParameter(key.into_owned())),
            }
        }
        let options = options.join(" ");
        let schema = schema(&options).unwrap_or("public").to_owned();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if schema.is_empty() || !schema.chars().all(plain) {
            return Err(refuse());
        }
        variables.push(("PGOPTIONS", options));
        variables.retain(|(_, value)| !value.is_empty());
        Ok(Self { schema, variables })
    }

    /// The program, told where to go. It never asks for a password.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).kill_on_drop(true);
        command
    }
}

/// Under which name the programs know a parameter. The driver's other spellings are among them.
fn variable(parameter: &str) -> Option<&'static str> {
    Some(match parameter {
        "host" | "hostaddr" => "PGHOST", // The driver makes no difference between the two.
        "port" => "PGPORT",
        "user" => "PGUSER",
        "password" => "PGPASSWORD",
        "dbname" => "PGDATABASE",
        "sslmode" | "ssl-mode" => "PGSSLMODE",
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
        "sslcert" | "ssl-cert" => "PGSSLCERT",
        "sslkey" | "ssl-key" => "PGSSLKEY",
        "application_name" => "PGAPPNAME",
        _ => return None,
    })
}

fn schema(options: &str) -> Option<&str> {
    let path = options.split("search_path=").nth(1)?;
    path.split([' ', ',']).next()
}

fn percent_decode(text: &str) -> String {
    let pair = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str, name: &str) -> Option<String> {
        let address = Address::read(url).unwrap();
        let last = address.variables.iter().rfind(|(it, _)| *it == name);
        last.map(|(_, value)| value.clone())
    }

    #[test]
    fn an_address_reaches_the_programs_whole() {
        let url = "postgres://anna:p%40s%26s+@db:5433/gallra?sslmode=verify-full\
                   &sslrootcert=%2Fetc%2Fca.pem&options=-c%20search_path%3Ddesk";
        for (name, value) in [
            ("PGHOST", "db"),
            ("PGPORT", "5433"),
            ("PGUSER", "anna"),
            ("PGPASSWORD", "p@s&s+"),
            ("PGDATABASE", "gallra"),
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/ca.pem"),
            ("PGOPTIONS", "-c search_path=desk"),
        ] {
            assert_eq!(told(url, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(Address::read(url).unwrap().schema, "desk");
    }

    #[test]
    fn what_stands_in_the_query_alone_is_told_too() {
        let url =
            "postgres:///gallra?host=%2Frun%2Fpg&user=bo&password=hemligt&options[search_path]=a";
        assert_eq!(told(url, "PGHOST").as_deref(), Some("/run/pg"));
        assert_eq!(told(url, "PGUSER").as_deref(), Some("bo"));
        assert_eq!(told(url, "PGPASSWORD").as_deref(), Some("hemligt"));
        assert_eq!(Address::read(url).unwrap().schema, "a");
        let socket = "postgres://%2Frun%2Fpg/gallra";
        assert_eq!(told(socket, "PGHOST").as_deref(), Some("/run/pg"));
        assert_eq!(
            told("postgres://[::1]/gallra", "PGHOST").as_deref(),
            Some("::1")
        );
        assert_eq!(told("postgres://db/gallra", "PGPASSWORD"), None);
        assert_eq!(
            Address::read("postgres://db/gallra").unwrap().schema,
            "public"
        );
    }

    #[test]
    fn what_the_programs_cannot_be_told_is_refused_by_name_and_not_by_value() {
        let read = |url| Address::read(url).err().map(|error| error.to_string());
        let refused = read("postgres://db/x?sslmode=require&channel_bindin=hemligt").unwrap();
        assert!(refused.contains("channel_bindin"), "{refused}");
        assert!(!refused.contains("hemligt"), "{refused}");
        assert!(read("postgres://db/x?options=-c%20search_path%3Da%22b").is_some());
    }
}
