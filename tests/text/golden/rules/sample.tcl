package require Tcl 8.6

namespace eval ::shop {
    variable sum 0
    # Adds a price.
    proc add {price {tax 0}} {
        variable sum
        if {$price > 0} {
            incr sum $price
        }
    }
}

proc ::shop::clear {} { variable sum 0 }

oo::class create Till {
    method total {} {
        return 3
    }
}
