"""People who work together: who changed what, a second person's word before people are contacted, comments, drafts."""
