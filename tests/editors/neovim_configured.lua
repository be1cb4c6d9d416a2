-- Neovim with the configuration of README: open a file, ask with the command, write down what the quickfix list has.
-- Environment: HUNCH_FILE, a file of the project; HUNCH_REPORT, the file to write.

local report = {}
local DEADLINE = 20000

local function wait_for(what, condition)
  if not vim.wait(DEADLINE, condition, 20) then
    error("waited in vain: " .. what)
  end
end

local function run()
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.HUNCH_FILE))
  local clients = vim.lsp.get_clients or vim.lsp.get_active_clients
  wait_for("the server to be attached", function()
    return vim.lsp.buf_is_attached ~= nil and #vim.tbl_keys(vim.lsp.buf_get_clients(0)) == 1
  end)
  report.root = clients()[1].config.root_dir
  wait_for("the folder to be indexed", function()
    local answers = vim.lsp.buf_request_sync(0, "hunch/status", vim.empty_dict(), DEADLINE) or {}
    local _, answer = next(answers)
    return answer ~= nil and answer.result ~= nil and answer.result.folders[1].complete
  end)
  vim.cmd("Hunch sort orders by date")
  wait_for("the answers to be in the quickfix list", function()
    return #vim.fn.getqflist() > 0
  end)
  report.quickfix = vim.tbl_map(function(item)
    return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(item.bufnr), ":t") .. ":" .. item.lnum
  end, vim.fn.getqflist())
end

local succeeded, problem = xpcall(run, debug.traceback)
if not succeeded then
  report.error = problem
end
vim.fn.writefile({ vim.fn.json_encode(report) }, vim.env.HUNCH_REPORT)
