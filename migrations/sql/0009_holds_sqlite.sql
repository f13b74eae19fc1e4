-- Holds (offers, closures) take places by the same guard as bookings. Statements are parted by lines of "--;".

CREATE TRIGGER holds_check_unit_new BEFORE INSERT ON holds
WHEN ((SELECT kind FROM services WHERE id = NEW.service_id) = 'pool') <> (NEW.unit_id IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'ck_bookings_unit_of_kind');
END;
--;
CREATE TRIGGER holds_check_unit_changed BEFORE UPDATE OF unit_id, service_id ON holds
WHEN ((SELECT kind FROM services WHERE id = NEW.service_id) = 'pool') <> (NEW.unit_id IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'ck_bookings_unit_of_kind');
END;
--;
CREATE TRIGGER holds_occupy_new AFTER INSERT ON holds WHEN NEW.is_open
BEGIN
  INSERT INTO occupancy (service_id, unit_id, hold_id, starts_at, ends_at)
  SELECT NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until
  WHERE NEW.unit_id IS NOT NULL AND NEW.is_open;
  INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
  SELECT NEW.service_id, strftime('%Y-%m-%d %H:%M:%S.000000', cell, 'unixepoch'),
         strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch'), NEW.seats, places
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
  WHERE NEW.unit_id IS NULL AND NEW.is_open
  ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL DO UPDATE SET taken = taken + excluded.taken;
END;
--;
CREATE TRIGGER holds_occupy_changed AFTER UPDATE ON holds
WHEN OLD.is_open <> NEW.is_open
  OR (NEW.is_open
    AND (OLD.service_id <> NEW.service_id OR OLD.unit_id IS NOT NEW.unit_id OR OLD.starts_at <> NEW.starts_at
      OR OLD.occupied_until <> NEW.occupied_until OR OLD.seats <> NEW.seats))
BEGIN
  DELETE FROM occupancy WHERE hold_id = OLD.id;
  UPDATE occupancy SET taken = taken - OLD.seats
  WHERE OLD.unit_id IS NULL AND OLD.is_open AND service_id = OLD.service_id AND unit_id IS NULL
    AND starts_at < OLD.occupied_until
    AND starts_at >= (
      SELECT strftime('%Y-%m-%d %H:%M:%S.000000',
        CAST(strftime('%s', OLD.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60), 'unixepoch')
      FROM services WHERE id = OLD.service_id);
  INSERT INTO occupancy (service_id, unit_id, hold_id, starts_at, ends_at)
  SELECT NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until
  WHERE NEW.unit_id IS NOT NULL AND NEW.is_open;
  INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
  SELECT NEW.service_id, strftime('%Y-%m-%d %H:%M:%S.000000', cell, 'unixepoch'),
         strftime('%Y-%m-%d %H:%M:%S.000000', cell + width, 'unixepoch'), NEW.seats, places
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
  WHERE NEW.unit_id IS NULL AND NEW.is_open
  ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL DO UPDATE SET taken = taken + excluded.taken;
END;
--;
CREATE TRIGGER holds_release_gone AFTER DELETE ON holds WHEN OLD.is_open
BEGIN
  DELETE FROM occupancy WHERE hold_id = OLD.id;
  UPDATE occupancy SET taken = taken - OLD.seats
  WHERE OLD.unit_id IS NULL AND OLD.is_open AND service_id = OLD.service_id AND unit_id IS NULL
    AND starts_at < OLD.occupied_until
    AND starts_at >= (
      SELECT strftime('%Y-%m-%d %H:%M:%S.000000',
        CAST(strftime('%s', OLD.starts_at) AS INTEGER) / (cell_minutes * 60) * (cell_minutes * 60), 'unixepoch')
      FROM services WHERE id = OLD.service_id);
END;
--;
CREATE TRIGGER services_fixed_by_holds BEFORE UPDATE OF kind, cell_minutes ON services
WHEN (OLD.kind <> NEW.kind OR OLD.cell_minutes <> NEW.cell_minutes)
  AND EXISTS (SELECT 1 FROM holds WHERE service_id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'ck_services_fixed');
END;
--;
CREATE TRIGGER services_edited_too AFTER UPDATE OF max_party, is_overnight ON services
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER closures_added AFTER INSERT ON closures
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER closures_edited AFTER UPDATE ON closures
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER closures_removed AFTER DELETE ON closures
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
--;
CREATE TRIGGER roster_rules_added AFTER INSERT ON roster_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER roster_rules_edited AFTER UPDATE ON roster_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = NEW.centre_id;
END;
--;
CREATE TRIGGER roster_rules_removed AFTER DELETE ON roster_rules
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1 WHERE id = OLD.centre_id;
END;
--;
CREATE TRIGGER calendar_days_added AFTER INSERT ON calendar_days
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1;
END;
--;
CREATE TRIGGER calendar_days_edited AFTER UPDATE ON calendar_days
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1;
END;
--;
CREATE TRIGGER calendar_days_removed AFTER DELETE ON calendar_days
BEGIN
  UPDATE centres SET catalogue_revision = abs(random() % 9007199254740991) + 1;
END;
