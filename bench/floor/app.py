"""`create_app()`: POST /rw, /book, /redeem over FLOOR_DATABASE_URL, every commit flushed.

GET /day is the floor of an availability: a SELECT of the rows that its answer needs, from the product's own
database (FLOOR_PRODUCT_URL), and the product's own answer (FLOOR_DAY_JSON) as JSON.
"""

import json
import os
import sqlite3
from pathlib import Path
from typing import cast

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, CursorResult, Engine, create_engine, event, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from bench.floor.tables import Base, Booking, CheckIn, Note, Person, Slot, Ticket, fill


def open_database(url: str) -> tuple[Engine, sessionmaker[Session]]:
    """A plain engine: what the product's engine does on top is the product's cost."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=16, max_overflow=16)
        return engine, sessionmaker(engine)
    engine = create_engine(url, pool_size=16, max_overflow=16, connect_args={"timeout": 30})
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine, sessionmaker(engine)


def _sqlite_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def prepare(url: str) -> None:
    """Tables made anew and filled."""
    engine, sessions = open_database(url)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with sessions.begin() as session:
        fill(session)
    engine.dispose()


def create_app() -> Flask:
    app = Flask(__name__)
    _, sessions = open_database(os.environ["FLOOR_DATABASE_URL"])

    @app.get("/hello")
    def hello() -> ResponseReturnValue:
        return jsonify(ok=True)

    @app.post("/rw")
    def read_and_write() -> ResponseReturnValue:
        asked = request.get_json()
        with sessions.begin() as session:
            person_id = session.scalar(select(Person.id).where(Person.code == asked["code"]))
            session.add(Note(person_id=person_id, text=asked.get("text", "x")))
        return jsonify(ok=True), 201

    @app.post("/book")
    def book() -> ResponseReturnValue:
        asked = request.get_json()
        free = (Slot.id == asked["slot"]) & (Slot.taken < Slot.capacity)
        try:
            with sessions.begin() as session:
                taken = session.execute(update(Slot).where(free).values(taken=Slot.taken + 1))
                if not cast(CursorResult[tuple[()]], taken).rowcount:
                    return jsonify(code="slot_full"), 409
                booking = Booking(slot_id=asked["slot"], person_id=asked["person"])
                session.add(booking)
                session.flush()
                booking_id = booking.id
        except IntegrityError:
            return jsonify(code="already_booked"), 409
        return jsonify(id=booking_id), 201

    @app.post("/redeem")
    def redeem() -> ResponseReturnValue:
        asked = request.get_json()
        try:
            with sessions.begin() as session:
                ticket_id = session.scalar(select(Ticket.id).where(Ticket.secret == asked["secret"]))
                if ticket_id is None:
                    return jsonify(code="ticket_invalid"), 404
                session.add(CheckIn(ticket_id=ticket_id, nonce=asked["nonce"]))
        except IntegrityError:
            with sessions() as session:
                repeated = session.scalar(select(CheckIn.id).where(CheckIn.nonce == asked["nonce"]))
            return (jsonify(status="ok", repeat=True), 200) if repeated else (jsonify(code="ticket_used"), 409)
        return jsonify(status="ok"), 201

    if "FLOOR_PRODUCT_URL" in os.environ:
        add_day(app)
    return app


def add_day(app: Flask) -> None:
    """GET /day?service=&since=&until= in the text form of the product's own database."""
    _, product = open_database(os.environ["FLOOR_PRODUCT_URL"])
    day = json.loads(Path(os.environ["FLOOR_DAY_JSON"]).read_text("utf-8"))
    rows = text(
        "SELECT unit_id, starts_at, ends_at, taken FROM occupancy"
        " WHERE service_id = :service AND starts_at < :until AND ends_at > :since AND starts_at > :earliest"
    )

    @app.get("/day")
    def show_day() -> ResponseReturnValue:
        with product() as session:
            found = session.execute(rows, request.args.to_dict()).all()
        return jsonify(day | {"rows": len(found)})
