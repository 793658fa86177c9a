"""Who works here: accounts, their roles and what each may do, signing in and staying signed in."""
