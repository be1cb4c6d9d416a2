package Shop;
use strict;

my $limit = 10;

sub add {
    my ($x) = @_;
    return $x + 1;
}

1;
