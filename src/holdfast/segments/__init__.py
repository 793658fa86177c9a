"""WHICH PEOPLE: conditions, each with its SQL and its Python meaning; their JSON form; builders. Pure."""
