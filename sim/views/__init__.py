"""What people see: tables, charts and pages of what others computed. Nothing is computed here."""
