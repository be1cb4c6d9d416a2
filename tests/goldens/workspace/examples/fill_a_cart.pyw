"""How a cart is filled and paid."""


def fill_a_cart():
    """Put two articles into the basket and print what they cost with tax."""
    cart = Cart()
    cart.add_item("tea", 2)
    cart.add_item("cup")
    amount = cart.total({"tea": 4, "cup": 9})
    print(amount + sales_tax(amount, {"de": 19}, "de"))
