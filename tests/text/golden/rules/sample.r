#' The mean without the ends.
#' @export
trimmed <- function(x, share = 0.1) {
  inner <- function(y) y[1]
  mean(x, trim = share)
}

`%+%` <- function(a, b) paste0(a, b)

Account <- R6Class("Account",
  public = list(
    deposit = function(amount) {
      self$total <- self$total + amount
      invisible(self)
    }
  )
)

setMethod("show", "Money", function(object) {
  cat(object@value)
})
