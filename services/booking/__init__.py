"""Booking 预约: taking, changing and giving back a place; start at `gate` and docs/booking.md."""
