"""smoke"""
from playwright.sync_api import expect
def test_smoke(open_in, make_workspace, code_server):
    w = open_in(make_workspace())
    w.wait_until_ready()
    w.press("Control+Alt+h")
    expect(w.input).to_be_focused()
    w.type("sort orders by date")
    expect(w.row("sort_orders_by_date").first).to_be_visible()
    w.run("Show Logs")
    print(code_server.log())
