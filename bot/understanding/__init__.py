"""What a sentence means: intent, category, action, slots. No database; the same text, the same answer."""
