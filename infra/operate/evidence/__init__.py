"""What is exported of the sealed evidence: the days, figures over them, a table, and a page that holds all of it."""
