"""WHETHER IT WORKED: outcomes of treated against holdout, with intervals. Pure."""
