"""Words every stage shares: errors, ids, moments, money, chance, SQL fragments, the catalogue.

Pure: nothing here does input or output, reads a clock or draws a chance.
"""
