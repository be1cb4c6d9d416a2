using namespace System.IO

# Reads a till.
function Get-Till {
    <#
    .SYNOPSIS
    Reads what is in the till.
    #>
    param([string] $Path)
    "a } in a string"
    foreach ($x in 1..3) { $x }
}

class Till : Base {
    [int] $Sum
    Till([int] $sum) { $this.Sum = $sum }
    [void] Add([int] $price) {
        $this.Sum += $price
    }
}

filter Only-Open { if ($_.Open) { $_ } }
