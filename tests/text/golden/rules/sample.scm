#lang racket

;; Adds one to all.
(define (increase numbers)
  (map add1 numbers))

(define-syntax-rule (swap! a b)
  (let ([t a]) (set! a b)))

(struct point (x y) #:transparent)

(define fold
  (lambda (f start items)
    start))

#| (define (gone) 1) |#
(define limit 10)
