module Till exposing (..)

import List


type alias Till =
    { sum : Int }


type Msg
    = Add Int
    | Clear


{-| Adds a price. -}
update : Msg -> Till -> Till
update msg till =
    case msg of
        Add price ->
            { till | sum = till.sum + price }

        Clear ->
            empty


empty =
    { sum = 0 }
