"""Checks of the rest."""


def check_levenshtein():
    assert levenshtein("kitten", "sitting") == 3


def check_discount_is_rounded():
    assert str(apply_discount(10, 33)) == "6.70"


def check_retry_gives_up():
    with raises(OSError):
        fetch_with_retry("http://localhost:1", attempts=2, base_delay=0)
