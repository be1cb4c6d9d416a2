package Shop::Till;
use strict;

# Adds what was sold.
sub add {
    my ($self, $price) = @_;
    if ($price =~ m/}/) { return; }
    $self->{sum} += $price;
}

sub empty { $_[0]->{sum} = 0 }

=head1 NAME

sub not_here { }

=cut

package Shop::Door;

sub open
{
    return 1;
}
__END__
sub neither { }
