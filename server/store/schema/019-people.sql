-- People are found by parts of their names: what they are called, folded (sqlite_search.c), and
-- narrow enough that all of it is looked through. '' until it was folded. The connection comes
-- last in the index, so that nothing that only wants a connection's people is tempted by it.
ALTER TABLE employees ADD COLUMN search_text TEXT NOT NULL DEFAULT '';
CREATE INDEX employees_search ON employees (search_text, employee_id, connection);
-- Rows that were there before: none are left after the first start.
CREATE INDEX employees_unfolded ON employees (connection, employee_id)
	WHERE search_text = '' AND (display_name IS NOT NULL OR login IS NOT NULL);
