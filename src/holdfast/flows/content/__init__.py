"""What messages are filled with: catalogues, coupons, what web addresses answer."""
