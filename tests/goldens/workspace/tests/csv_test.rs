use shop::text::csv::detect_delimiter;

#[test]
fn guesses_the_semicolon() {
    assert_eq!(detect_delimiter("a;b;c\n1;2;3\n"), ';');
}

#[test]
fn guesses_the_tabulator() {
    assert_eq!(detect_delimiter("a\tb\n1\t2\n"), '\t');
}
