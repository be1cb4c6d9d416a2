//! Reading tables of comma-separated values.

/// Splits one line into fields, with respect for quotes.
pub fn parse_row(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// Puts quotes around a value that needs them.
pub fn escape_field(value: &str) -> String {
    if value.contains([',', '"', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_string()
    }
}

/// Guesses whether commas, semicolons or tabs separate the columns.
pub fn detect_delimiter(sample: &str) -> char {
    *[',', ';', '\t'].iter().max_by_key(|d| sample.matches(**d).count()).unwrap()
}
