module Till where

import Prelude

-- | A till.
newtype Till = Till { sum :: Int }

data Msg
  = Add Int
  | Clear

class Priced a where
  price :: a -> Int

instance pricedInt :: Priced Int where
  price x = x

-- | Adds a price.
update :: Msg -> Till -> Till
update (Add p) (Till t) =
  Till t
update Clear _ =
  Till { sum: 0 }
