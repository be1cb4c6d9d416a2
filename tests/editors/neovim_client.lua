-- One session of Neovim with the language server, written down as JSON for the test to judge. Works from 0.7 on.
-- Environment: HUNCH_SHOP and HUNCH_LIBRARY, the workspace folders; HUNCH_REPORT, the file to write.

local report = {}
local shop, library = vim.env.HUNCH_SHOP, vim.env.HUNCH_LIBRARY
local DEADLINE = 20000

local function milliseconds_since(start)
  return (vim.loop.hrtime() - start) / 1e6
end

--- Wait for a condition; an error that names it when the deadline passes. Returns the milliseconds it took.
local function wait_for(what, condition)
  local start = vim.loop.hrtime()
  if not vim.wait(DEADLINE, condition, 20) then
    error("waited in vain: " .. what)
  end
  return milliseconds_since(start)
end

--- Ask the server through the current buffer, as a plugin would.
local function ask(method, params)
  local answers, problem = vim.lsp.buf_request_sync(0, method, params, DEADLINE)
  if answers == nil then
    error(method .. ": " .. tostring(problem))
  end
  local _, answer = next(answers)
  if answer == nil then
    error(method .. ": no server is attached")
  end
  return answer.result, answer.err or answer.error
end

local function search(query)
  return assert(ask("hunch/search", { query = query, limit = 10 }))
end

local function names(result)
  return vim.tbl_map(function(hit)
    return hit.name
  end, result.hits)
end

local function finds(query, name)
  return vim.tbl_contains(names(search(query)), name)
end

local function open(path)
  vim.cmd("edit " .. vim.fn.fnameescape(path))
  vim.lsp.buf_attach_client(0, report.client)
end

local function run()
  local version = vim.version()
  report.version = string.format("%d.%d.%d", version.major, version.minor, version.patch)
  report.progress, report.statuses = {}, {}
  local exited

  -- Attach.
  local config = {
    name = "hunch",
    cmd = { "hunch", "lsp" },
    root_dir = shop,
    workspace_folders = {
      { uri = vim.uri_from_fname(shop), name = "shop" },
      { uri = vim.uri_from_fname(library), name = "library" },
    },
    handlers = {
      ["$/progress"] = function(_, params)
        table.insert(report.progress, params.value)
      end,
      ["hunch/statusChanged"] = function(_, params)
        table.insert(report.statuses, params)
      end,
    },
    on_exit = function(code, signal)
      exited = { code = code, signal = signal }
    end,
  }
  report.client = (vim.lsp.start_client or vim.lsp.start)(config)
  report.attached_ms = wait_for("the server to be initialized", function()
    local client = vim.lsp.get_client_by_id(report.client)
    return client ~= nil and client.initialized
  end)
  open(shop .. "/src/auth.py")
  wait_for("both folders to be indexed", function()
    local folders = assert(ask("hunch/status", vim.empty_dict())).folders
    local complete = vim.tbl_filter(function(folder)
      return folder.complete and folder.phase == "ready"
    end, folders)
    return #folders == 2 and #complete == 2
  end)
  report.status = ask("hunch/status", vim.empty_dict())

  -- Search, in three ways.
  report.search = search("compare a password with the stored hash")
  report.second_folder = search("lend a book to a reader")
  _, report.refused = ask("hunch/search", { limit = 3 })
  report.symbols = ask("workspace/symbol", { query = "sort orders by date" })
  vim.lsp.buf.workspace_symbol("print the label for the back of a book")
  wait_for("the symbols to be in the quickfix list", function()
    return #vim.fn.getqflist() > 0
  end)
  vim.cmd("cclose")
  report.quickfix = vim.tbl_map(function(item)
    return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(item.bufnr), ":t") .. ":" .. item.lnum
  end, vim.fn.getqflist())
  report.command = ask("workspace/executeCommand", {
    command = "hunch.search",
    arguments = { { query = "retry a call with a growing pause", limit = 3 } },
  })
  report.similar = ask("hunch/similar", {
    textDocument = { uri = vim.uri_from_fname(shop .. "/src/orders.py") },
    position = { line = 5, character = 4 },
  })

  -- Unsaved text, with characters beyond utf-16's first plane before it, changed twice.
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "# 𝒳 🛒 unsaved" })
  vim.api.nvim_buf_set_lines(0, -1, -1, false, {
    "",
    "",
    "def measure_wind_speed(anemometer):",
    '    """Read how fast the wind blows from the anemometer."""',
    "    return anemometer.rotations * 0.42",
  })
  report.unsaved_ms = wait_for("unsaved text to be found", function()
    return finds("how fast does the wind blow", "measure_wind_speed")
  end)
  report.unsaved_on_disk = vim.tbl_contains(vim.fn.readfile(shop .. "/src/auth.py"), "def measure_wind_speed(anemometer):")
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_buf_set_text(0, last - 3, 4, last - 3, 22, { "gauge_the_breeze" })
  report.renamed_ms = wait_for("a new name to be found", function()
    return finds("how fast does the wind blow", "gauge_the_breeze")
  end)
  report.after_rename = names(search("measure_wind_speed"))
  vim.cmd("bwipeout!")
  open(library .. "/desk/lending.py")
  report.forgotten_ms = wait_for("text that was thrown away to be gone", function()
    return not finds("how fast does the wind blow", "gauge_the_breeze")
  end)
  report.saved_state_is_back = finds("compare a password with the stored hash", "check_password")

  -- A new file, saved and closed.
  open(library .. "/desk/boat.py")
  vim.api.nvim_buf_set_lines(0, 0, -1, false, {
    "def moor_boat_at_pier(boat, pier):",
    '    """Tie the boat to the pier with two ropes."""',
    "    pier.ropes.extend([boat.bow, boat.stern])",
    "    return pier",
  })
  vim.cmd("silent write")
  vim.cmd("bwipeout")
  vim.cmd("buffer " .. vim.fn.bufnr(library .. "/desk/lending.py"))
  report.saved_ms = wait_for("a saved file to be found", function()
    return finds("tie up a boat with ropes", "moor_boat_at_pier")
  end)

  -- Stop.
  local start = vim.loop.hrtime()
  vim.lsp.stop_client(report.client)
  wait_for("the server to exit", function()
    return exited ~= nil
  end)
  report.exit = { code = exited.code, signal = exited.signal, ms = milliseconds_since(start) }
end

local succeeded, problem = xpcall(run, debug.traceback)
if not succeeded then
  report.error = problem
end
vim.fn.writefile({ vim.fn.json_encode(report) }, vim.env.HUNCH_REPORT)
