"""What a customer is about to buy."""

from decimal import ROUND_HALF_UP, Decimal


class Cart:
    """The items a customer has chosen, with their quantities."""

    def __init__(self):
        self.lines = {}

    def add_item(self, sku, quantity=1):
        """Put an article into the cart, or more of it when it is there already."""
        self.lines[sku] = self.lines.get(sku, 0) + quantity

    def remove_item(self, sku):
        """Take an article out of the cart."""
        self.lines.pop(sku, None)

    def total(self, prices):
        """Sum the prices of everything in the cart."""
        return sum(prices[sku] * quantity for sku, quantity in self.lines.items())


def apply_discount(amount, percent):
    """Lower an amount by a percentage and round it to cents."""
    reduced = amount * (Decimal(100) - percent) / Decimal(100)
    return reduced.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def sales_tax(amount, rate_by_region, region):
    """Work out the tax that is due in a region."""
    return amount * rate_by_region.get(region, Decimal(0))
