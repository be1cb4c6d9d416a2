;;; emacs_client.el --- One session of Emacs and Eglot with the language server, written down as JSON  -*- lexical-binding: t -*-

;;; Commentary:
;; Environment: HUNCH_SHOP, the project; HUNCH_LIBRARY, a second folder; HUNCH_CONFIGURATION, the Emacs Lisp that README
;; gives; HUNCH_REPORT, the file to write.

;;; Code:

(require 'cl-lib)
(require 'json)
(unless (require 'eglot nil t)          ; part of Emacs from 29 on, a package before
  (package-initialize)
  (require 'eglot))

(defconst deadline 20 "Seconds that anything may take.")

(defvar report nil "What happened, as an alist.")
(defvar server nil "The connection.")
(defvar statuses 0 "How many notifications of a status came.")

(defun note (name value)
  "Write down VALUE under NAME."
  (push (cons name value) report))

(defun ask (method &optional params)
  "Return the server's answer to METHOD with PARAMS."
  (jsonrpc-request server method (or params eglot--{}) :timeout deadline))

(defun wait-for (what condition)
  "Wait until CONDITION returns non-nil; return the milliseconds it took.  WHAT names it in the error."
  (let ((start (float-time)))
    (while (not (funcall condition))
      (when (> (- (float-time) start) deadline)
        (error "Waited in vain: %s" what))
      (accept-process-output nil 0.02))
    (* 1000 (- (float-time) start))))

(defun hunch-hits (query)
  "Return the hits of QUERY as a list."
  (append (plist-get (ask :hunch/search `(:query ,query :limit 10)) :hits) nil))

(defun hunch-finds (query name)
  "Say whether QUERY finds NAME."
  (cl-some (lambda (hit) (equal (plist-get hit :name) name)) (hunch-hits query)))

(defun hunch-best (hits)
  "Return name and URI of the first of HITS."
  (vector (plist-get (elt hits 0) :name) (plist-get (elt hits 0) :uri)))

(defun hunch-is-complete ()
  "Say whether all folders are indexed."
  (cl-every (lambda (folder) (and (eq (plist-get folder :complete) t) (equal (plist-get folder :phase) "ready")))
            (plist-get (ask :hunch/status) :folders)))

(defun send-changes ()
  "Tell the server what was typed, as Eglot does when Emacs is idle."
  (eglot--signal-textDocument/didChange))

(cl-defmethod eglot-handle-notification (_server (_method (eql hunch/statusChanged)) &rest _)
  "Count."
  (cl-incf statuses))

(defun connect (shop)
  "Let Eglot start the server for the project SHOP, as M-x eglot does."
  (add-to-list 'project-find-functions (lambda (_directory) (cons 'transient shop)))
  (load (getenv "HUNCH_CONFIGURATION"))
  (find-file (expand-file-name "src/auth.py" shop))
  (let ((start (float-time)))
    (apply #'eglot (eglot--guess-contact))
    (setq server (eglot-current-server))
    (note 'attached_ms (* 1000 (- (float-time) start))))
  (note 'managed (if (bound-and-true-p eglot--managed-mode) t :json-false))
  (wait-for "the project to be indexed" #'hunch-is-complete))

(defun search-in-every-way (library)
  "Search, with LIBRARY as a second folder later on."
  (let ((found (ask :hunch/search '(:query "compare a password with the stored hash"))))
    (note 'search (hunch-best (plist-get found :hits)))
    (note 'answerability (plist-get found :answerability)))
  (note 'symbols (plist-get (elt (ask :workspace/symbol '(:query "sort orders by date")) 0) :name))
  (note 'apropos
        (mapcar (lambda (item) (xref-location-group (xref-item-location item)))
                (xref-backend-apropos 'eglot "wait until the user has stopped typing")))
  (note 'command
        (hunch-best (plist-get (ask :workspace/executeCommand
                                    '(:command "hunch.search" :arguments [(:query "retry a call with a growing pause")]))
                               :hits)))
  (note 'refused
        (condition-case problem
            (ask :hunch/search '(:limit 3))
          (jsonrpc-error (alist-get 'jsonrpc-error-code (cdr problem)))))
  (jsonrpc-notify server :workspace/didChangeWorkspaceFolders
                  `(:event (:added [(:uri ,(concat "file://" library) :name "library")] :removed [])))
  (wait-for "the second folder to be found"
            (lambda () (hunch-finds "let a reader take a book home" "lend_book_to_reader"))))

(defun type-and-save (shop)
  "Type into an open file of SHOP, then save a new one."
  (goto-char (point-min))
  (insert "# 𝒳 🛒 unsaved\n")
  (goto-char (point-max))
  (insert "\n\ndef measure_wind_speed(anemometer):\n"
          "    \"\"\"Read how fast the wind blows from the anemometer.\"\"\"\n"
          "    return anemometer.rotations * 0.42\n")
  (send-changes)
  (note 'unsaved_ms (wait-for "unsaved text to be found"
                              (lambda () (hunch-finds "how fast does the wind blow" "measure_wind_speed"))))
  (search-backward "measure_wind_speed")
  (replace-match "gauge_the_breeze")
  (send-changes)
  (note 'renamed_ms (wait-for "a new name to be found"
                              (lambda () (hunch-finds "how fast does the wind blow" "gauge_the_breeze"))))
  (set-buffer-modified-p nil)
  (kill-buffer)
  (note 'forgotten_ms (wait-for "text that was thrown away to be gone"
                                (lambda () (not (hunch-finds "how fast does the wind blow" "gauge_the_breeze")))))
  (find-file (expand-file-name "src/boat.py" shop))
  (insert "def moor_boat_at_pier(boat, pier):\n"
          "    \"\"\"Tie the boat to the pier with two ropes.\"\"\"\n"
          "    pier.ropes.extend([boat.bow, boat.stern])\n"
          "    return pier\n")
  (save-buffer)
  (note 'saved_ms (wait-for "a saved file to be found"
                            (lambda () (hunch-finds "tie up a boat with ropes" "moor_boat_at_pier")))))

(defun stop ()
  "Stop the server.  Eglot gives it no time to exit by itself: its exit status says nothing."
  (let ((process (jsonrpc--process server))
        (start (float-time)))
    (eglot-shutdown server nil deadline)
    (wait-for "the server to exit" (lambda () (not (process-live-p process))))
    (note 'exit_ms (* 1000 (- (float-time) start)))))

(let ((shop (getenv "HUNCH_SHOP"))
      (debug-on-error nil))
  (condition-case problem
      (progn
        (note 'version emacs-version)
        (connect (file-name-as-directory shop))
        (search-in-every-way (getenv "HUNCH_LIBRARY"))
        (type-and-save shop)
        (note 'statuses statuses)
        (stop))
    (error (note 'error (format "%S\n%s" problem
                                (if server (with-current-buffer (jsonrpc-stderr-buffer server) (buffer-string)) "")))))
  (with-temp-file (getenv "HUNCH_REPORT")
    (insert (json-encode report))))

;;; emacs_client.el ends here
