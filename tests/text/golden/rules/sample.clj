(ns shop.core
  (:require [clojure.string :as str]))

(defn total
  "The sum of all prices."
  [items & {:keys [tax]}]
  (reduce + (map :price items)))

(defmacro unless [test & body]
  `(if ~test nil (do ~@body)))

(defprotocol Payable
  (pay [this amount]))

(defrecord Card [number]
  Payable
  (pay [this amount] amount))

(def ^:private limit 100)
; (defn gone [] 1)
