CREATE TABLE words ( -- builders_test.go makes it
	id   INTEGER PRIMARY KEY,
	word TEXT NOT NULL
);
