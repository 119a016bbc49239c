-- The time zone in which somebody's days begin and end, as the settings resolved it for what Bob
-- said at the last read; '' until there was one.
ALTER TABLE employees ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
