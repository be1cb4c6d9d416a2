{-# LANGUAGE OverloadedStrings #-}
-- | Sorted things.
module Data.Sorted
  ( insert
  , Sorted(..)
  ) where

import qualified Data.Map as M
import Data.List (sort)

-- | A sorted list.
data Sorted a = Sorted
  { items :: [a]
  , size  :: Int
  } deriving (Show, Eq)

newtype Wrapper a = Wrapper { unwrap :: a }

type Name = String

-- | Inserts one.
--
-- Keeps order.
insert :: Ord a => a -> [a] -> [a]
insert x [] = [x]
insert x (y:ys)
  | x <= y = x : y : ys
  | otherwise = y : insert x ys

class Container f where
  -- | Nothing in it.
  empty :: f a
  toList :: f a -> [a]

instance Container Sorted where
  empty = Sorted [] 0
  toList (Sorted xs _) = xs

main :: IO ()
main = do
  print (insert 1 [])

limit = 10

data Shelf = Shelf { places :: Int, label :: String } | NoShelf
