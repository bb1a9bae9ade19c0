create schema strongroom;

-- Time is the database's. In production this is now() and nothing else, which every start checks;
-- tests and the development world replace it by a clock that can be shifted.
create function strongroom.now() returns timestamptz
  language sql stable parallel safe
  return pg_catalog.now();
