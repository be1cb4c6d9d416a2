# Goes up some folders.
function up --argument-names count
    for i in (seq $count)
        cd ..
    end
end

function fish_greeting; end

function -S quiet
    echo end
end
