"""`?page=&per_page=` → `{"items", "total", "page", "per_page"}`, the same for every list."""

from typing import Generic, TypeVar

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


class Page(BaseModel, Generic[Item]):
    """One page; subclass it with the item type and a name: `class BookingPage(Page[BookingOut])`."""

    items: list[Item]
    total: int
    page: int
    per_page: int
