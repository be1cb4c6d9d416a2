# Adds up a column.
function sum(column,   i) {
    if ($column ~ /}/) { return 0 }
    return column
}

BEGIN { FS = "," }
