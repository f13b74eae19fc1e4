"""Distance between two places on the map. A person's position is used for one answer and never kept."""

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt

from domain.errors import Invalid

EARTH_METRES = 6_371_000


@dataclass(frozen=True, slots=True)
class Place:
    """A point by latitude and longitude, in degrees."""

    lat: float
    lon: float


def read_place(text: str) -> Place:
    """`22.55,114.23` → a place. Raises Invalid `bad_position`."""
    parts = text.split(",")
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError:
        raise Invalid("bad_position") from None
    if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180):
        raise Invalid("bad_position")
    return Place(lat, lon)


def metres_between(one: Place, other: Place) -> int:
    """Along the great circle, in whole metres."""
    lat1, lat2 = radians(one.lat), radians(other.lat)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin(radians(other.lon - one.lon) / 2) ** 2
    return round(2 * EARTH_METRES * asin(sqrt(half)))
