"""What to do next: publishing journeys and campaigns, moving people through them, telling why."""
