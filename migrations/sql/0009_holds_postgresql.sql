-- Holds (offers, closures) take places by the same guard as bookings. Statements are parted by lines of "--;".

CREATE TRIGGER holds_check_unit BEFORE INSERT OR UPDATE OF unit_id, service_id ON holds
FOR EACH ROW EXECUTE FUNCTION bookings_check_unit();
--;
CREATE FUNCTION holds_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  width integer;
BEGIN
  IF OLD.unit_id IS NOT NULL THEN
    DELETE FROM occupancy WHERE hold_id = OLD.id;
  ELSE
    SELECT cell_minutes INTO width FROM services WHERE id = OLD.service_id;
    UPDATE occupancy SET taken = taken - OLD.seats
    WHERE service_id = OLD.service_id AND unit_id IS NULL
      AND starts_at >= pool_cell(OLD.starts_at, width) AND starts_at < OLD.occupied_until;
  END IF;
  RETURN OLD;
END $$;
--;
CREATE FUNCTION holds_occupy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  width integer;
  places integer;
BEGIN
  IF NEW.unit_id IS NOT NULL THEN
    INSERT INTO occupancy (service_id, unit_id, hold_id, starts_at, ends_at)
    VALUES (NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until);
  ELSE
    SELECT cell_minutes, capacity INTO width, places FROM services WHERE id = NEW.service_id;
    INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
    SELECT NEW.service_id, cell, cell + make_interval(mins => width), NEW.seats, places
    FROM generate_series(
      pool_cell(NEW.starts_at, width), NEW.occupied_until - interval '1 microsecond', make_interval(mins => width)
    ) AS cell
    ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL
    DO UPDATE SET taken = occupancy.taken + excluded.taken;
  END IF;
  RETURN NULL;
END $$;
--;
CREATE TRIGGER holds_1_release_changed AFTER UPDATE ON holds FOR EACH ROW
WHEN (OLD.is_open AND (NOT NEW.is_open
  OR (OLD.service_id, OLD.unit_id, OLD.starts_at, OLD.occupied_until, OLD.seats)
  IS DISTINCT FROM (NEW.service_id, NEW.unit_id, NEW.starts_at, NEW.occupied_until, NEW.seats)))
EXECUTE FUNCTION holds_release();
--;
CREATE TRIGGER holds_2_occupy_changed AFTER UPDATE ON holds FOR EACH ROW
WHEN (NEW.is_open AND (NOT OLD.is_open
  OR (OLD.service_id, OLD.unit_id, OLD.starts_at, OLD.occupied_until, OLD.seats)
  IS DISTINCT FROM (NEW.service_id, NEW.unit_id, NEW.starts_at, NEW.occupied_until, NEW.seats)))
EXECUTE FUNCTION holds_occupy();
--;
CREATE TRIGGER holds_occupy_new AFTER INSERT ON holds FOR EACH ROW
WHEN (NEW.is_open) EXECUTE FUNCTION holds_occupy();
--;
CREATE TRIGGER holds_release_gone BEFORE DELETE ON holds FOR EACH ROW
WHEN (OLD.is_open) EXECUTE FUNCTION holds_release();
--;
CREATE OR REPLACE FUNCTION services_keep_counters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.kind, OLD.cell_minutes) IS DISTINCT FROM (NEW.kind, NEW.cell_minutes)
     AND (EXISTS (SELECT 1 FROM bookings WHERE service_id = NEW.id)
          OR EXISTS (SELECT 1 FROM holds WHERE service_id = NEW.id)) THEN
    RAISE EXCEPTION 'ck_services_fixed' USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_services_fixed';
  END IF;
  IF OLD.capacity IS DISTINCT FROM NEW.capacity THEN
    UPDATE occupancy SET capacity = greatest(NEW.capacity, taken) WHERE service_id = NEW.id AND unit_id IS NULL;
  END IF;
  RETURN NEW;
END $$;
--;
CREATE TRIGGER closures_changed AFTER INSERT OR UPDATE OR DELETE ON closures
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER roster_rules_changed AFTER INSERT OR UPDATE OR DELETE ON roster_rules
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE FUNCTION calendar_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE centres SET catalogue_revision = 0;
  RETURN NULL;
END $$;
--;
CREATE TRIGGER calendar_days_changed AFTER INSERT OR UPDATE OR DELETE ON calendar_days
FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();
