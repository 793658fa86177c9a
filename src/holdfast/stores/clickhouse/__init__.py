"""The history in ClickHouse: in this process (chDB), one SQL dialect from a laptop to a cluster."""
