-- The guards of booking on SQLite. Statements are parted by lines of "--;".
-- Instants are text 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC: they sort as they are. A WITH may stand in
-- a trigger only inside a sub-select. The messages are the names of PostgreSQL's constraints.

CREATE TRIGGER bookings_check_unit_new BEFORE INSERT ON bookings
WHEN ((SELECT kind FROM services WHERE id = NEW.service_id) = 'pool') <> (NEW.unit_id IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'ck_bookings_unit_of_kind');
END;
--;
CREATE TRIGGER bookings_check_unit_changed BEFORE UPDATE OF unit_id, service_id ON bookings
WHEN ((SELECT kind FROM services WHERE id = NEW.service_id) = 'pool') <> (NEW.unit_id IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'ck_bookings_unit_of_kind');
END;
--;
CREATE TRIGGER bookings_person_time_new BEFORE INSERT ON bookings
WHEN NEW.state IN ('requested', 'confirmed', 'checked_in') AND NOT NEW.overlap_allowed AND NEW.person_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'ex_bookings_person_time') WHERE EXISTS (
    SELECT 1 FROM bookings
    WHERE person_id = NEW.person_id AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at
      AND state IN ('requested', 'confirmed', 'checked_in') AND NOT overlap_allowed
  );
END;
--;
CREATE TRIGGER bookings_person_time_changed
BEFORE UPDATE OF person_id, starts_at, ends_at, state, overlap_allowed ON bookings
WHEN NEW.state IN ('requested', 'confirmed', 'checked_in') AND NOT NEW.overlap_allowed AND NEW.person_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'ex_bookings_person_time') WHERE EXISTS (
    SELECT 1 FROM bookings
    WHERE person_id = NEW.person_id AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at
      AND state IN ('requested', 'confirmed', 'checked_in') AND NOT overlap_allowed AND id <> NEW.id
  );
END;
--;
CREATE TRIGGER occupancy_unit_time_new BEFORE INSERT ON occupancy WHEN NEW.unit_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'ex_occupancy_unit_time') WHERE EXISTS (
    SELECT 1 FROM occupancy
    WHERE unit_id = NEW.unit_id AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at
  );
END;
--;
CREATE TRIGGER occupancy_unit_time_changed BEFORE UPDATE OF unit_id, starts_at, ends_at ON occupancy
WHEN NEW.unit_id IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'ex_occupancy_unit_time') WHERE EXISTS (
    SELECT 1 FROM occupancy
    WHERE unit_id = NEW.unit_id AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at AND id <> NEW.id
  );
END;
--;
CREATE TRIGGER bookings_occupy_unit_new AFTER INSERT ON bookings
WHEN NEW.unit_id IS NOT NULL AND NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
BEGIN
  INSERT INTO occupancy (service_id, unit_id, booking_id, starts_at, ends_at)
  VALUES (NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until);
END;
--;
CREATE TRIGGER bookings_occupy_seats_new AFTER INSERT ON bookings
WHEN NEW.unit_id IS NULL AND NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
BEGIN
  INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
  SELECT NEW.service_id, strftime('%Y-%m-%d %H:%M:%S.000000', cell, 'unixepoch'),
         strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch'), NEW.party_size, places
  FROM (
    WITH RECURSIVE series (cell, width, places) AS (
      SELECT CAST(strftime('%s', NEW.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60),
             cell_minutes * 60, capacity
      FROM services WHERE id = NEW.service_id
      UNION ALL
      SELECT cell + width, width, places FROM series
      WHERE strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch') < NEW.occupied_until
    )
    SELECT cell, width, places FROM series
  )
  WHERE true
  ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL DO UPDATE SET taken = taken + excluded.taken;
END;
--;
CREATE TRIGGER bookings_occupy_changed AFTER UPDATE ON bookings
WHEN (OLD.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed'))
  <> (NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed'))
  OR (NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
    AND (OLD.service_id <> NEW.service_id OR OLD.unit_id IS NOT NEW.unit_id OR OLD.starts_at <> NEW.starts_at
      OR OLD.occupied_until <> NEW.occupied_until OR OLD.party_size <> NEW.party_size))
BEGIN
  DELETE FROM occupancy WHERE booking_id = OLD.id;
  UPDATE occupancy SET taken = taken - OLD.party_size
  WHERE OLD.unit_id IS NULL AND OLD.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
    AND service_id = OLD.service_id AND unit_id IS NULL AND starts_at < OLD.occupied_until
    AND starts_at >= (
      SELECT strftime('%Y-%m-%d %H:%M:%S.000000',
        CAST(strftime('%s', OLD.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60), 'unixepoch')
      FROM services WHERE id = OLD.service_id);
  INSERT INTO occupancy (service_id, unit_id, booking_id, starts_at, ends_at)
  SELECT NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until
  WHERE NEW.unit_id IS NOT NULL AND NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed');
  INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
  SELECT NEW.service_id, strftime('%Y-%m-%d %H:%M:%S.000000', cell, 'unixepoch'),
         strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch'), NEW.party_size, places
  FROM (
    WITH RECURSIVE series (cell, width, places) AS (
      SELECT CAST(strftime('%s', NEW.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60),
             cell_minutes * 60, capacity
      FROM services WHERE id = NEW.service_id
      UNION ALL
      SELECT cell + width, width, places FROM series
      WHERE strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch') < NEW.occupied_until
    )
    SELECT cell, width, places FROM series
  )
  WHERE NEW.unit_id IS NULL AND NEW.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
  ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL DO UPDATE SET taken = taken + excluded.taken;
END;
--;
CREATE TRIGGER bookings_release_gone AFTER DELETE ON bookings
WHEN OLD.state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed')
BEGIN
  DELETE FROM occupancy WHERE booking_id = OLD.id;
  UPDATE occupancy SET taken = taken - OLD.party_size
  WHERE OLD.unit_id IS NULL AND service_id = OLD.service_id AND unit_id IS NULL AND starts_at < OLD.occupied_until
    AND starts_at >= (
      SELECT strftime('%Y-%m-%d %H:%M:%S.000000',
        CAST(strftime('%s', OLD.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60), 'unixepoch')
      FROM services WHERE id = OLD.service_id);
END;
--;
CREATE TRIGGER services_fixed BEFORE UPDATE OF kind, cell_minutes ON services
WHEN (OLD.kind <> NEW.kind OR OLD.cell_minutes <> NEW.cell_minutes)
  AND EXISTS (SELECT 1 FROM bookings WHERE service_id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'ck_services_fixed');
END;
--;
CREATE TRIGGER services_keep_counters AFTER UPDATE OF capacity ON services WHEN OLD.capacity IS NOT NEW.capacity
BEGIN
  UPDATE occupancy SET capacity = max(NEW.capacity, taken) WHERE service_id = NEW.id AND unit_id IS NULL;
END;
--;
CREATE TRIGGER centres_number_new AFTER INSERT ON centres
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.id;
END;
--;
CREATE TRIGGER centres_number_changed
AFTER UPDATE OF code, code_key, name, place, tz, lat, lon, contact, way_in, is_free, org_id, position ON centres
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.id;
END;
--;
CREATE TRIGGER centres_pass_number AFTER UPDATE OF catalogue_revision ON centres
BEGIN
  UPDATE services SET catalogue_revision = NEW.catalogue_revision WHERE centre_id = NEW.id;
END;
--;
CREATE TRIGGER services_added AFTER INSERT ON services
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER services_edited AFTER UPDATE OF
  code, code_key, name, kind, slot_minutes, step_minutes, cell_minutes, min_minutes, max_minutes, cleaning_minutes,
  grace_minutes, capacity, walkin_permille, booking_required, is_bookable, who_may_book, max_future_per_person,
  window_days, hold_minutes, provider_org_id, position
ON services
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER services_removed AFTER DELETE ON services
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
--;
CREATE TRIGGER units_added AFTER INSERT ON units
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = (SELECT centre_id FROM services WHERE id = NEW.service_id);
END;
--;
CREATE TRIGGER units_edited AFTER UPDATE ON units
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = (SELECT centre_id FROM services WHERE id = NEW.service_id);
END;
--;
CREATE TRIGGER units_removed AFTER DELETE ON units
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = (SELECT centre_id FROM services WHERE id = OLD.service_id);
END;
--;
CREATE TRIGGER opening_rules_added AFTER INSERT ON opening_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER opening_rules_edited AFTER UPDATE ON opening_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER opening_rules_removed AFTER DELETE ON opening_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
--;
CREATE TRIGGER opening_exceptions_added AFTER INSERT ON opening_exceptions
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER opening_exceptions_edited AFTER UPDATE ON opening_exceptions
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER opening_exceptions_removed AFTER DELETE ON opening_exceptions
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
--;
CREATE TRIGGER centre_notices_added AFTER INSERT ON centre_notices
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER centre_notices_edited AFTER UPDATE ON centre_notices
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER centre_notices_removed AFTER DELETE ON centre_notices
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
