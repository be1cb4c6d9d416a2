;;; shop.el --- Shop

(defun shop-total (items &optional tax)
  "The sum of ITEMS; a ) in a string."
  (apply #'+ items))

(defvar shop-limit 3
  "How many.")

(cl-defstruct (shop-item (:copier nil))
  name price)

(defmacro shop-with (item &rest body)
  `(let ((it ,item)) ,@body))

(defmethod area ((shape circle))
  (* pi (radius shape)))
