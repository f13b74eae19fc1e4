"""The wait-list 候补: joining, being offered a freed place, answering."""
