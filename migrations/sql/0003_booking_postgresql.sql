-- The guards of booking on PostgreSQL. Statements are parted by lines of "--;".
-- A unit over [from, until), or a pool's counters per cell: only these triggers write `occupancy`.

ALTER TABLE bookings ADD CONSTRAINT ex_bookings_person_time EXCLUDE USING gist (
  int8range(person_id, person_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
) WHERE (state IN ('requested', 'confirmed', 'checked_in') AND NOT overlap_allowed AND person_id IS NOT NULL);
--;
ALTER TABLE occupancy ADD CONSTRAINT ex_occupancy_unit_time EXCLUDE USING gist (
  int8range(unit_id, unit_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
) WHERE (unit_id IS NOT NULL);
--;
CREATE FUNCTION booking_holds(state text) RETURNS boolean IMMUTABLE LANGUAGE sql
RETURN state IN ('requested', 'confirmed', 'checked_in', 'completed', 'overstayed');
--;
CREATE FUNCTION pool_cell(instant timestamptz, minutes integer) RETURNS timestamptz IMMUTABLE LANGUAGE sql
RETURN to_timestamp(floor(extract(epoch FROM instant) / (minutes * 60)) * (minutes * 60));
--;
CREATE FUNCTION bookings_check_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF ((SELECT kind FROM services WHERE id = NEW.service_id) = 'pool') <> (NEW.unit_id IS NULL) THEN
    RAISE EXCEPTION 'ck_bookings_unit_of_kind' USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_bookings_unit_of_kind';
  END IF;
  RETURN NEW;
END $$;
--;
CREATE TRIGGER bookings_check_unit BEFORE INSERT OR UPDATE OF unit_id, service_id ON bookings
FOR EACH ROW EXECUTE FUNCTION bookings_check_unit();
--;
CREATE FUNCTION bookings_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  width integer;
BEGIN
  IF OLD.unit_id IS NOT NULL THEN
    DELETE FROM occupancy WHERE booking_id = OLD.id;
  ELSE
    SELECT cell_minutes INTO width FROM services WHERE id = OLD.service_id;
    UPDATE occupancy SET taken = taken - OLD.party_size
    WHERE service_id = OLD.service_id AND unit_id IS NULL
      AND starts_at >= pool_cell(OLD.starts_at, width) AND starts_at < OLD.occupied_until;
  END IF;
  RETURN NULL;
END $$;
--;
CREATE FUNCTION bookings_occupy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  width integer;
  places integer;
BEGIN
  IF NEW.unit_id IS NOT NULL THEN
    INSERT INTO occupancy (service_id, unit_id, booking_id, starts_at, ends_at)
    VALUES (NEW.service_id, NEW.unit_id, NEW.id, NEW.starts_at, NEW.occupied_until);
  ELSE
    SELECT cell_minutes, capacity INTO width, places FROM services WHERE id = NEW.service_id;
    INSERT INTO occupancy (service_id, starts_at, ends_at, taken, capacity)
    SELECT NEW.service_id, cell, cell + make_interval(mins => width), NEW.party_size, places
    FROM generate_series(
      pool_cell(NEW.starts_at, width), NEW.occupied_until - interval '1 microsecond', make_interval(mins => width)
    ) AS cell
    ON CONFLICT (service_id, starts_at) WHERE unit_id IS NULL
    DO UPDATE SET taken = occupancy.taken + excluded.taken;
  END IF;
  RETURN NULL;
END $$;
--;
CREATE TRIGGER bookings_1_release_changed AFTER UPDATE ON bookings FOR EACH ROW
WHEN (booking_holds(OLD.state) AND (NOT booking_holds(NEW.state)
  OR (OLD.service_id, OLD.unit_id, OLD.starts_at, OLD.occupied_until, OLD.party_size)
  IS DISTINCT FROM (NEW.service_id, NEW.unit_id, NEW.starts_at, NEW.occupied_until, NEW.party_size)))
EXECUTE FUNCTION bookings_release();
--;
CREATE TRIGGER bookings_2_occupy_changed AFTER UPDATE ON bookings FOR EACH ROW
WHEN (booking_holds(NEW.state) AND (NOT booking_holds(OLD.state)
  OR (OLD.service_id, OLD.unit_id, OLD.starts_at, OLD.occupied_until, OLD.party_size)
  IS DISTINCT FROM (NEW.service_id, NEW.unit_id, NEW.starts_at, NEW.occupied_until, NEW.party_size)))
EXECUTE FUNCTION bookings_occupy();
--;
CREATE TRIGGER bookings_occupy_new AFTER INSERT ON bookings FOR EACH ROW
WHEN (booking_holds(NEW.state)) EXECUTE FUNCTION bookings_occupy();
--;
CREATE TRIGGER bookings_release_gone AFTER DELETE ON bookings FOR EACH ROW
WHEN (booking_holds(OLD.state)) EXECUTE FUNCTION bookings_release();
--;
CREATE FUNCTION services_keep_counters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.kind, OLD.cell_minutes) IS DISTINCT FROM (NEW.kind, NEW.cell_minutes)
     AND EXISTS (SELECT 1 FROM bookings WHERE service_id = NEW.id) THEN
    RAISE EXCEPTION 'ck_services_fixed' USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_services_fixed';
  END IF;
  IF OLD.capacity IS DISTINCT FROM NEW.capacity THEN
    UPDATE occupancy SET capacity = greatest(NEW.capacity, taken) WHERE service_id = NEW.id AND unit_id IS NULL;
  END IF;
  RETURN NEW;
END $$;
--;
CREATE TRIGGER services_keep_counters BEFORE UPDATE OF kind, cell_minutes, capacity ON services
FOR EACH ROW EXECUTE FUNCTION services_keep_counters();
--;
CREATE FUNCTION catalogue_number() RETURNS bigint VOLATILE LANGUAGE sql
RETURN (random() * 9007199254740990)::bigint + 1;
--;
CREATE FUNCTION centres_renumber() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.catalogue_revision := catalogue_number();
  RETURN NEW;
END $$;
--;
CREATE TRIGGER centres_renumber BEFORE INSERT OR UPDATE ON centres
FOR EACH ROW EXECUTE FUNCTION centres_renumber();
--;
CREATE FUNCTION centres_pass_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE services SET catalogue_revision = NEW.catalogue_revision WHERE centre_id = NEW.id;
  RETURN NULL;
END $$;
--;
CREATE TRIGGER centres_pass_number AFTER UPDATE ON centres
FOR EACH ROW EXECUTE FUNCTION centres_pass_number();
--;
CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed record := coalesce(NEW, OLD);
  centre integer;
BEGIN
  IF TG_TABLE_NAME = 'units' THEN
    SELECT centre_id INTO centre FROM services WHERE id = changed.service_id;
  ELSE
    centre := changed.centre_id;
  END IF;
  UPDATE centres SET catalogue_revision = 0 WHERE id = centre;
  RETURN NULL;
END $$;
--;
CREATE TRIGGER services_changed AFTER INSERT OR DELETE ON services
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER services_edited AFTER UPDATE ON services FOR EACH ROW
WHEN (OLD.catalogue_revision = NEW.catalogue_revision) EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER units_changed AFTER INSERT OR UPDATE OR DELETE ON units
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER opening_rules_changed AFTER INSERT OR UPDATE OR DELETE ON opening_rules
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER opening_exceptions_changed AFTER INSERT OR UPDATE OR DELETE ON opening_exceptions
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
--;
CREATE TRIGGER centre_notices_changed AFTER INSERT OR UPDATE OR DELETE ON centre_notices
FOR EACH ROW EXECUTE FUNCTION catalogue_changed();
