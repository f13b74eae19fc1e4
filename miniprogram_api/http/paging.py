"""`?page=&per_page=` → `{"items", "total", "page", "per_page"}`, the same for every list."""

from collections.abc import Sequence
from typing import Generic, Self, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item")
PER_PAGE = 20
MOST = 100


class PageQuery(BaseModel):
    """Which page of a list; subclass it for more filters."""

    page: int = Field(1, ge=1, le=100_000)
    per_page: int = Field(PER_PAGE, ge=1, le=MOST)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def cut(self, found: Sequence[Item]) -> Sequence[Item]:
        """This page of what was read whole."""
        return found[self.offset : self.offset + self.per_page]


class Page(BaseModel, Generic[Item]):
    """One page; subclass it with the item type and a name: `class BookingPage(Page[BookingOut])`."""

    items: list[Item]
    total: int
    page: int
    per_page: int

    @classmethod
    def of_items(cls, items: list[Item], total: int, asked: PageQuery) -> Self:
        """A page of items that are shapes already: they are taken as they are."""
        return cls(items=items, total=total, page=asked.page, per_page=asked.per_page)
