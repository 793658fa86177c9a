"""Whether it worked: insights, KPIs, results, SQL, and how they are drawn."""
