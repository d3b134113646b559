"""What model calls cost: prices, what was spent, what a plan will. No model and no Inspect here."""
